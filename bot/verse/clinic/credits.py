"""The title and the writers that a heading names."""

import re
from dataclasses import dataclass

from ..errors import PromptError

__all__ = ["HAN", "Credits", "read_heading", "read_signature"]

_TITLE = re.compile(r"(?P<before>[^《》]*)《(?P<title>[^《》]*)》(?P<after>.*)", re.DOTALL)
_BETWEEN_WRITERS = re.compile(r"[、，,;；/]")
_ABOUT = re.compile("[题題读讀咏詠观觀听聽再又]")  # verse about a work begins so
HAN = r"[\u3007\u3400-\u9fff\U00020000-\U0003ffff]"
_NAME = rf"(?!其){HAN}{{2,4}}"
_DYNASTY = rf"(?:[(（〔\[【]{HAN}{{1,3}}[)）〕\]】]|{HAN}[·・•])\s*"
_POET = re.compile(rf"(?:{_DYNASTY})?{_NAME}")
_TITLE_LABEL = re.compile(r"(?:题目|題目|标题|標題|诗题|詩題|诗名|詩名)[:\uff1a]\s*")
_WRITER_LABEL = re.compile(r"(?:作者|诗人|詩人|文)[:\uff1a]\s*")
_BRACKETED = re.compile(r"[(（〔\[【]([^()（）〔〕\[\]【】]*)[)）〕\]】]")
_AROUND = " \t\n\u3000:\uff1a—–―─-"


@dataclass(frozen=True)
class Credits:
    """What stands beside a poem.

    Attributes:
        title: The title; empty for none.
        writers: Who wrote it, each once.
    """

    title: str = ""
    writers: tuple[str, ...] = ()


def read_heading(heading: str) -> Credits:
    """Returns the title and the writers of a heading; without 《》 its last word may be a poet.

    Raises:
        PromptError: It has two titles.
    """
    if found := _TITLE.fullmatch(heading):
        return _titled(heading, found)
    words = _TITLE_LABEL.sub("", heading).split()
    if len(words) > 1 and (writer := _WRITER_LABEL.sub("", words[-1])) and _POET.fullmatch(writer):
        if len(words) > 2 and _is_dynasty(words[-2]):
            return Credits(" ".join(words[:-2]), (f"{words[-2]} {writer}",))
        return Credits(" ".join(words[:-1]), (writer,))
    return Credits(" ".join(words))


def read_signature(signature: str) -> Credits:
    """Returns the title and the writers of a signature; without 《》 all of it are writers.

    Raises:
        PromptError: It has two titles.
    """
    if found := _TITLE.fullmatch(signature):
        return _titled(signature, found)
    return Credits("", _writers(signature))


def _titled(heading: str, found: re.Match[str]) -> Credits:
    before, after = found["before"].strip(_AROUND), found["after"].strip(_AROUND)
    if "《" in after:
        raise PromptError("heading-titles", heading=heading)
    if before and (after or _ABOUT.match(before)):  # such as 题《离骚》后
        title, _, names = heading.partition(" ")
        return Credits(title, _writers(names))
    return Credits(found["title"], _writers(before or after))


def _writers(names: str) -> tuple[str, ...]:
    found = (_name(name) for name in _BETWEEN_WRITERS.split(names))
    return tuple(dict.fromkeys(filter(None, found)))


def _name(text: str) -> str:
    name = _WRITER_LABEL.sub("", text.strip(_AROUND))
    bracketed = _BRACKETED.fullmatch(name)
    return bracketed[1] if bracketed else name


def _is_dynasty(word: str) -> bool:
    return re.fullmatch(r"[(（〔\[【]?[汉漢魏晋晉隋唐宋元明清]代?[)）〕\]】]?", word) is not None
