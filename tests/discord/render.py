"""Discord messages and forms as HTML that looks like Discord's dark theme."""

import base64
import html
import re
from datetime import UTC, datetime
from pathlib import Path

STYLE = Path(__file__).with_suffix(".css")

# Inline markdown, matched in HTML-escaped text; the first that matches wins.
INLINE = re.compile(
    r"\\(?P<escaped>[^\w\s])"
    r"|\*\*(?P<bold>.+?)\*\*"
    r"|`(?P<code>[^`]+)`"
    r"|\|\|(?P<spoiler>.+?)\|\|"
    r"|&lt;@(?P<user>\d+)&gt;"
    r"|&lt;t:(?P<time>\d+):D&gt;"
    r"|&lt;t:(?P<soon>\d+):R&gt;"
    r"|(?P<emoji>♥)"
)

CODE_BLOCK = re.compile(r"```(?:\w*\n)?(.*?)\n?```", re.DOTALL)


def page(message, user, command, names, files=None):
    """A page that shows one message below the command that it answers.

    Args:
        message: The message as Discord stores it.
        user: The id of the user who typed the command; None if nobody did.
        command: The command's name.
        names: Display names by user id.
        files: The bytes of attachments by their ids.
    """
    body = _inner(message, names)
    for attached in message.get("attachments", ()):
        data = base64.b64encode(files[attached["id"]]).decode()
        body = body.replace(f"attachment://{attached['filename']}", f"data:image/png;base64,{data}")
    reply = "" if user is None else _reply(html.escape(names[user]), user, command)
    return f"""<!doctype html><meta charset="utf-8"><style>{STYLE.read_text("utf-8")}</style>
<main>
  {reply}
  <div class="avatar bot">联</div>
  <div class="author"><span class="name">Lianju</span><span class="app">✓ APP</span>
    <time>Today at 20:15</time></div>
  {body}
</main>"""


def form_page(form):
    """A page that shows a form as the bot opens it, with what stands in its fields."""
    fields = "".join(map(_field, form["components"]))
    return f"""<!doctype html><meta charset="utf-8"><style>{STYLE.read_text("utf-8")}</style>
<main class="form"><h3>{html.escape(form["title"])}</h3>{fields}
<div class="row"><button>Cancel</button><button class="primary">Submit</button></div>
</main>"""


def _reply(who, user, command):
    return f"""<div class="reply"><i></i><b class="avatar u{user % 5}">{who[0].upper()}</b>
    <span class="name">{who}</span><span>used</span>
    <span class="command">✦ {command}</span></div>"""


def component(part, names):
    """A component of a message, with those inside it.

    The types are those of https://discord.com/developers/docs/components/reference.
    """
    match part["type"]:
        case 17:  # container
            accent = f"--accent:#{part['accent_color']:06x}"
            return f'<div class="container" style="{accent}">{_inner(part, names)}</div>'
        case 10:  # text display
            if code := CODE_BLOCK.fullmatch(part["content"]):
                return f"<pre>{html.escape(code[1])}</pre>"
            rows = "".join(_block(row, names) for row in part["content"].split("\n"))
            return f'<div class="text">{rows}</div>'
        case 9:  # section
            accessory = component(part["accessory"], names)
            return f'<div class="section">{_inner(part, names)}{accessory}</div>'
        case 12:  # gallery
            urls = (html.escape(item["media"]["url"]) for item in part["items"])
            return "".join(f'<img src="{url}">' for url in urls)
        case 1:  # action row
            return f'<div class="row">{_inner(part, names)}</div>'
        case 2:  # button
            disabled = " disabled" if part.get("disabled") else ""
            primary = ' class="primary"' if part.get("style") == 1 else ""
            return f"<button{primary}{disabled}>{html.escape(part['label'])}</button>"
        case 3:  # select
            chosen = [each["label"] for each in part["options"] if each.get("default")]
            shown = "  ".join(chosen) or part["placeholder"]
            return f'<div class="select">{html.escape(shown)}<s></s></div>'
        case other:
            raise ValueError(f"component type {other}")


def _field(labelled):
    """A field of a form below its label; others are not drawn."""
    field = labelled["component"]
    if field["type"] != 4:  # text input
        raise ValueError(f"field type {field['type']}")
    value, hint = (html.escape(field.get(key) or "") for key in ("value", "placeholder"))
    shown = f"<b>{value}</b>" if value else hint
    star = "<s>*</s>" if field.get("required", True) else ""
    about = f"<small>{html.escape(labelled.get('description') or '')}</small>"
    head = f"{html.escape(labelled['label'])}{star}{about}"
    return f'<label>{head}<div class="input">{shown}</div></label>'


def _inner(part, names):
    return "".join(component(child, names) for child in part["components"])


def _block(row, names):
    """A line of markdown."""
    for mark, tag in (("### ", "h3"), ("# ", "h1"), ("-# ", "small"), ("- ", "li")):
        if row.startswith(mark):
            return f"<{tag}>{_inline(row.removeprefix(mark), names)}</{tag}>"
    return f"<p>{_inline(row, names)}</p>"


def _inline(text, names):
    def replace(found):
        value = found[found.lastgroup]
        match found.lastgroup:
            case "escaped":
                return value
            case "bold":
                return f"<b>{_inline(html.unescape(value), names)}</b>"
            case "code":
                return f"<code>{value}</code>"
            case "spoiler":
                return f'<span class="spoiler">{value}</span>'
            case "user":
                return f'<span class="mention">@{html.escape(names[int(value)])}</span>'
            case "time":
                return f"{datetime.fromtimestamp(int(value), UTC):%-d %B %Y}"
            case "soon":  # the bot's clock is not that of the reader
                return "in 30 seconds"
            case _:
                return f'<span class="emoji">{value}</span>'

    return INLINE.sub(replace, html.escape(text, quote=False))
