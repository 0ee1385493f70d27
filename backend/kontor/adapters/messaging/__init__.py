"""How messages leave: by SMTP, or into a mailbox folder where they can be read."""

from kontor.notifications.ports import MessageSender


def sender_from_settings(smtp_url: str, *, mail_from: str, mailbox_dir: str) -> MessageSender:
    """SMTP where a server is named, else the mailbox folder."""
    if smtp_url:
        from kontor.adapters.messaging.smtp import SmtpSender

        return SmtpSender(smtp_url, mail_from=mail_from)
    from kontor.adapters.messaging.mailbox import Mailbox

    return Mailbox(mailbox_dir, mail_from=mail_from)
