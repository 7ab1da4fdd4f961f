"""What Discord says against a message: its limits, as far as the bot could meet them.

Sources, all below https://discord.com/developers/docs/:
resources/message#create-message-limitations and #embed-object-embed-limits, components/reference.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

EPHEMERAL = 1 << 6
V2 = 1 << 15  # IS_COMPONENTS_V2

ROW, BUTTON, TEXT_SELECT, TEXT_INPUT, CHANNEL_SELECT = 1, 2, 3, 4, 8
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
SELECTS = (3, 5, 6, 7, 8)  # of texts, users, roles, mentionables, channels
TOP_LEVEL = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER}
LABEL = 18
LINK, PREMIUM = 5, 6  # styles of buttons that have no custom id

MAX_COMPONENTS, MAX_TEXT = 40, 4000
MAX_EMBEDS, MAX_EMBED_TEXT = 10, 6000
NOTHING = "Cannot send an empty message"


def within(components: list[Json]) -> Iterator[Json]:
    """Every component, in the order in which Discord numbers them."""
    for component in components:
        yield component
        yield from within(component.get("components", []))
        if "accessory" in component:
            yield from within([component["accessory"]])


def fault(message: Json) -> str | None:
    """The first thing wrong with a message as it would stand, in words like Discord's."""
    content, embeds = message.get("content") or "", message.get("embeds") or []
    components = message.get("components") or []
    if message.get("flags", 0) & V2:
        if content or embeds or message.get("poll") or message.get("sticker_ids"):
            return "flags: IS_COMPONENTS_V2 leaves no room for content, embeds, polls or stickers."
        if not components:
            return "components: This field is required."
        return next(_layout_faults(components), None)
    if len(content) > 2000:
        return "content: Must be 2000 or fewer in length."
    if not (content or embeds or components or message.get("attachments")):
        return NOTHING
    return next(_embed_faults(embeds), None) or next(_row_faults(components), None)


def form_fault(form: Json) -> str | None:
    """The first thing wrong with a form.

    Source: interactions/receiving-and-responding#interaction-response-object-modal and
    components/reference#label.
    """
    parts = form.get("components", [])
    if not 1 <= len(parts) <= 5:
        return "components: Must be between 1 and 5 in length."
    limits = [("title", form.get("title", ""), 45), ("custom_id", form.get("custom_id", ""), 100)]
    for part in parts:
        if part["type"] != LABEL or part["component"]["type"] != TEXT_INPUT:
            return "components: Must be labels with text inputs."
        field = part["component"]
        limits += [("description", part.get("description") or "x", 100)]
        limits += [("label", part["label"], 45), ("custom_id", field["custom_id"], 100)]
        limits += [("placeholder", field.get("placeholder") or "x", 100)]
        limits += [("value", field.get("value") or "x", min(4000, field.get("max_length", 4000)))]
    for name, text, most in limits:
        if not 1 <= len(text) <= most:
            return f"{name}: Must be between 1 and {most} in length."
    return None


def _embed_faults(embeds: list[Json]) -> Iterator[str]:
    if len(embeds) > MAX_EMBEDS:
        yield f"embeds: Must be {MAX_EMBEDS} or fewer in length."
    total = 0
    for embed in embeds:
        fields = embed.get("fields", [])
        if len(fields) > 25:
            yield "embeds.fields: Must be 25 or fewer in length."
        parts = [
            ("title", embed.get("title", ""), 256),
            ("description", embed.get("description", ""), 4096),
            ("footer", embed.get("footer", {}).get("text", ""), 2048),
            ("author", embed.get("author", {}).get("name", ""), 256),
            *(("field name", field["name"], 256) for field in fields),
            *(("field value", field["value"], 1024) for field in fields),
        ]
        for name, text, most in parts:
            if len(text) > most:
                yield f"embeds.{name}: Must be {most} or fewer in length."
            total += len(text)
        if not all(field["name"] and field["value"] for field in fields):
            yield "embeds.fields: This field is required."
    if total > MAX_EMBED_TEXT:
        yield f"embeds: Must be {MAX_EMBED_TEXT} or fewer in length."


def _row_faults(components: list[Json]) -> Iterator[str]:
    """Without the V2 flag a message has up to five rows and nothing else."""
    if len(components) > 5:
        yield "components: Must be 5 or fewer in length."
    if any(component["type"] != ROW for component in components):
        yield "components: Value must be one of {1}."
    yield from _part_faults(components)


def _layout_faults(components: list[Json]) -> Iterator[str]:
    if not {component["type"] for component in components} <= TOP_LEVEL:
        yield f"components: Value must be one of {sorted(TOP_LEVEL)}."
    parts = list(within(components))
    if len(parts) > MAX_COMPONENTS:
        yield f"components: The total number must be {MAX_COMPONENTS} or fewer."
    if sum(len(part["content"]) for part in parts if part["type"] == TEXT) > MAX_TEXT:
        yield f"components: The displayable text is longer than {MAX_TEXT}."
    yield from _part_faults(components)


def _part_faults(components: list[Json]) -> Iterator[str]:
    parts = list(within(components))
    for part in parts:
        yield from _FAULTS.get(part["type"], lambda part: ())(part)
    ids = Counter(part["custom_id"] for part in parts if "custom_id" in part)
    if any(count > 1 for count in ids.values()):
        yield "components: Component custom id cannot be duplicated"
    if not all(1 <= len(custom_id) <= 100 for custom_id in ids):
        yield "custom_id: Must be between 1 and 100 in length."


def _of_row(row: Json) -> Iterator[str]:
    types = [part["type"] for part in row["components"]]
    buttons = 1 <= len(types) <= 5 and set(types) == {BUTTON}
    if not buttons and not (len(types) == 1 and types[0] in SELECTS):
        yield "components: A row has one to five buttons or one select."


def _of_button(button: Json) -> Iterator[str]:
    if len(button.get("label") or "") > 80:
        yield "label: Must be 80 or fewer in length."
    if not (button.get("label") or button.get("emoji") or button["style"] == PREMIUM):
        yield "A button needs a label or an emoji."
    if (button["style"] in (LINK, PREMIUM)) == ("custom_id" in button):
        yield "A custom id is required, except for links and premium buttons."


def _of_select(select: Json) -> Iterator[str]:
    if len(select.get("placeholder") or "") > 150:
        yield "placeholder: Must be 150 or fewer in length."
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not (0 <= least <= 25 and 1 <= most <= 25 and least <= most):
        yield "min_values, max_values: Must be between 0 or 1 and 25."
    if len(select.get("default_values", [])) > most:
        yield "default_values: More than max_values."
    if select["type"] == TEXT_SELECT:
        options = select["options"]
        if not 1 <= len(options) <= 25:
            yield "options: Must be between 1 and 25 in length."
        if len({option["value"] for option in options}) < len(options):
            yield "options: The specified option value is already used"
        for option in options:
            for name in ("label", "value", "description"):
                if len(option.get(name) or "") > 100:
                    yield f"{name}: Must be 100 or fewer in length."
            if not (option["label"] and option["value"]):
                yield "label, value: This field is required."


def _of_section(section: Json) -> Iterator[str]:
    texts = [part["type"] for part in section["components"]]
    if not 1 <= len(texts) <= 3 or set(texts) != {TEXT}:
        yield "components: A section has one to three texts."
    if section.get("accessory", {}).get("type") not in (BUTTON, THUMBNAIL):
        yield "accessory: A section needs a button or a thumbnail."


def _of_text(text: Json) -> Iterator[str]:
    if not 1 <= len(text["content"]) <= MAX_TEXT:
        yield f"content: Must be between 1 and {MAX_TEXT} in length."


def _of_gallery(gallery: Json) -> Iterator[str]:
    if not 1 <= len(gallery["items"]) <= 10:
        yield "items: Must be between 1 and 10 in length."
    if any(len(item.get("description") or "") > 1024 for item in gallery["items"]):
        yield "description: Must be 1024 or fewer in length."


def _of_container(container: Json) -> Iterator[str]:
    types = {part["type"] for part in container["components"]}
    if not types or not types <= TOP_LEVEL - {CONTAINER}:
        yield "components: A container holds one or more components, and no container."


_FAULTS = {
    ROW: _of_row,
    BUTTON: _of_button,
    SECTION: _of_section,
    TEXT: _of_text,
    GALLERY: _of_gallery,
    CONTAINER: _of_container,
    **dict.fromkeys(SELECTS, _of_select),
}
