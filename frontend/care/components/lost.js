/** A part of a page that could not be read, in its place: what failed, and another try. */
import { Failure } from "../../shared/components/failure.js";
import { html } from "../../shared/ui.js";

/** @param {{title: string, problem: any, retry: () => void}} props */
export function Lost({ title, problem, retry }) {
  return html`<section class="part stack" aria-label=${title}><h2>${title}</h2><${Failure} problem=${problem} retry=${retry} /></section>`;
}
