"""From a call's header lines, template and content to the drafts of its emails."""

from collections.abc import Sequence

from core import addresses, messages, templates
from core.addresses import AddressError
from core.errors import Invalid
from dialects.postageapp.headers import SYNTAX, Headers, Mailboxes
from dialects.postageapp.recipients import Addressee


class Letterhead:
    """What all emails of one call have in common."""

    def __init__(
        self, headers: Headers, sender: str, template: templates.Template | None, override: str
    ) -> None:
        """Read the addresses that do not depend on a recipient; raises Invalid."""
        held = template.body.reply_to if template is not None else ""
        self._headers = headers
        self._sender = Mailboxes("from", sender, one=True)
        self._reply_to = Mailboxes("reply-to", headers.reply_to or held)
        self._cc = Mailboxes("cc", headers.cc)
        self._bcc = Mailboxes("bcc", headers.bcc)
        self._template = _use(template)
        self._redirect_to = _override(override)

    @property
    def varies(self) -> bool:
        """Whether an address must be rendered for each recipient."""
        return any(line.varies for line in (self._sender, self._reply_to, self._cc, self._bcc))

    def content(
        self,
        text: str | None,
        html: str | None,
        css: str | None,
        files: tuple[messages.Attachment, ...],
    ) -> messages.Content:
        """The content, which all emails share. It is a template only where something in it asks for that."""
        subject, others = self._headers.subject, self._headers.others
        texts = (subject, text or "", html or "", *(value for _, value in others))
        return messages.Content(
            subject=subject,
            text=text or None,
            html=html or None,
            css=css or "",
            headers=others,
            attachments=files,
            syntax=SYNTAX if css or any("{{" in each for each in texts) else "",
        )

    def drafts(self, emails: Sequence[Addressee], content: messages.Content) -> list[messages.Draft]:
        """A draft for each email; raises Invalid, and RenderFailed for a header line."""
        return [self._draft(each, content) for each in emails]

    def _draft(self, email: Addressee, content: messages.Content) -> messages.Draft:
        variables = email.variables
        return messages.Draft(
            sender=self._sender.of(variables)[0],
            to=email.to,
            cc=self._cc.of(variables),
            bcc=self._bcc.of(variables),
            reply_to=self._reply_to.of(variables),
            content=content,
            template=self._template,
            variables=variables,
            redirect_to=self._redirect_to,
        )


def _use(template: templates.Template | None) -> messages.TemplateUse | None:
    if template is None:
        return None
    return messages.TemplateUse(
        id=template.id, version=template.version, name=template.name, slug=template.slug
    )


def _override(text: str) -> tuple[str, ...]:
    try:
        return tuple(address.email for address in addresses.parse_list(text))
    except AddressError as error:
        reason = f'Recipient override "{error.email}" is not a valid email address.'
        raise Invalid("recipient_override", reason, value=text) from error
