// The API explorer: GraphiQL against this server, as whoever is signed in or by a bearer token in its headers tab.
const fetcher = GraphiQL.createFetcher({ url: '/graphql' });
const root = ReactDOM.createRoot(document.getElementById('explorer'));
root.render(React.createElement(GraphiQL, { fetcher, defaultEditorToolsVisibility: 'headers' }));
