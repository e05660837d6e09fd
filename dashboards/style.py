"""The pages' style sheet: big type, explicit colours (Okabe and Ito's, safe for the colour-blind), one screen."""

from __future__ import annotations

from typing import Final

#: Height of a grid of cards: what one screen leaves below the strip at the top.
_COLUMNS: Final = {1: 1, 2: 1, 4: 2, 6: 2, 9: 3, 12: 3, 20: 4, 30: 5, 31: 6}
#: Count, name and the rest in rem; the cards of a full class are small, those of four people fill the wall.
_TYPE: Final = {
    1: (22.0, 4.5, 3.0), 2: (13.0, 4.0, 2.6), 4: (10.5, 3.0, 2.0), 6: (8.0, 2.5, 1.8), 9: (5.5, 2.0, 1.4),
    12: (4.8, 1.9, 1.3), 20: (3.4, 1.5, 1.1), 30: (2.9, 1.3, 1.0), 31: (1.9, 1.05, 0.8),
}  # fmt: skip

_BASE: Final = """
.stApp { background: #f4f5f7; }
.stMainBlockContainer, .block-container { padding: 0.6rem 1rem 0 1rem !important; max-width: none !important; }
header.stAppHeader { background: transparent; height: 2.4rem; min-height: 2.4rem; }
.stMainBlockContainer { padding-top: 2.4rem !important; }
[data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
.gc-cards, .gc-needs, .gc-line, .gc-empty, .gc-picture, .gc-stale { font-family: "Noto Sans", "Noto Sans KR",
  "Noto Sans CJK KR", system-ui, sans-serif; color: #14171a; line-height: 1.15; }
.gc-cards { display: grid; gap: 0.5rem; height: calc(100vh - 4.2rem); grid-auto-rows: minmax(0, 1fr); }
.gc-cards.gc-short { height: 72vh; }
.gc-card { background: #fff; border: 0.2rem solid #c9ced4; border-radius: 0.7rem; padding: 0.3em 0.6em 0.4em;
  display: flex; flex-direction: column; min-width: 0; overflow: hidden; font-size: var(--rest); }
.gc-fault { border-color: #d55e00; background: #fff4ec; }
.gc-lost { border-style: dashed; background: #e7e9ec; color: #4a5057; }
.gc-name { font-size: var(--name); font-weight: 700; display: flex; gap: 0.3em; align-items: baseline; min-width: 0;
  line-height: 1.3; }
.gc-who, .gc-exercise, .gc-clean { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0;
  line-height: 1.35; }
.gc-tag { font-size: var(--rest); font-weight: 600; color: #4a5057; margin-left: auto; white-space: nowrap; }
.gc-mark { color: #00704f; } .gc-fault .gc-mark, .gc-need .gc-mark { color: #b84a00; }
.gc-lost .gc-mark { color: #4a5057; } .gc-nobody .gc-mark { color: #00704f !important; }
.gc-mid { display: flex; gap: 0.8em; align-items: center; min-width: 0; min-height: 0; flex: 1; }
.gc-count { font-size: var(--count); font-weight: 800; line-height: 1; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.gc-side { display: flex; flex-direction: column; min-width: 0; flex: 1; }
.gc-exercise { font-weight: 600; }
.gc-clean { color: #4a5057; }
.gc-bar { display: block; margin-top: 0.15em; height: 0.45em; background: #d7dbe0; border-radius: 0.3em;
  overflow: hidden; }
.gc-bar b { display: block; height: 100%; background: #009e73; }
.gc-todo, .gc-note { font-weight: 700; min-height: 1.65em; line-height: 1.25; padding: 0.2em 0.5em; flex-shrink: 0; }
.gc-todo { background: #b84a00; color: #fff; border-radius: 0.4em; overflow: hidden; display: -webkit-box;
  -webkit-line-clamp: 2; -webkit-box-orient: vertical; }
.gc-note { padding-left: 0; }
.gc-joint { font-weight: 400; }
.gc-needs { background: #fff; border-radius: 0.7rem; border: 0.2rem solid #c9ced4; padding: 0.5rem 0.9rem;
  min-height: 21.3rem; }
.gc-label { font-size: 1.3rem; font-weight: 700; color: #4a5057; }
.gc-need { display: flex; gap: 0.6rem; align-items: baseline; font-size: 2.3rem; line-height: 1.25; min-width: 0;
  padding-top: 0.15rem; }
.gc-need b { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; flex: 1; }
.gc-what { font-size: 2.1rem; line-height: 1.35; padding-left: 2.6rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.gc-since { white-space: nowrap; color: #4a5057; font-size: 1.7rem; }
.gc-picture img { width: 100%; border-radius: 0.7rem; background: #1d2125; aspect-ratio: 16 / 9; object-fit: contain;
  display: block; }
.gc-line { font-size: 1.5rem; font-weight: 600; padding: 0.2rem 0; }
.gc-notice { font-size: 1.05rem; color: #14171a; background: #fdf3c4; border-radius: 0.4rem; padding: 0.3rem 0.6rem;
  margin-top: 0.3rem; }
.gc-empty { font-size: 2.4rem; font-weight: 600; color: #4a5057; padding: 4rem 1rem; text-align: center; }
.gc-stale { position: fixed; z-index: 999999; left: 0; right: 0; top: 0; background: #b3001b; color: #fff;
  font-size: 1.6rem; line-height: 2rem; font-weight: 800; text-align: center; padding: 0.15rem 1rem; }
.gc-stale::after { content: ""; position: fixed; inset: 0; border: 0.4rem solid #b3001b; pointer-events: none; }
.gc-deadman { visibility: hidden; animation: gc-dead 0s linear 1.9s forwards; }
@keyframes gc-dead { to { visibility: visible; } }
@media (min-width: 1001px) { :root { font-size: clamp(9px, min(0.8333vw, 1.4815vh), 48px) !important; } }
@media (max-width: 1000px) {
  .gc-cards, .gc-cards.gc-short { height: auto; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) !important;
    grid-auto-rows: auto; --count: 3rem !important; --name: 1.5rem !important; --rest: 1.1rem !important; }
  .gc-need, .gc-what, .gc-since { font-size: 1.35rem; } .gc-needs { min-height: 0; } .gc-line { font-size: 1.15rem; }
}
"""


def style_html() -> str:
    """The ``<style>`` element of every page."""
    sizes = "".join(
        f".gc-upto{n} {{ grid-template-columns: repeat({_COLUMNS[n]}, minmax(0, 1fr)); --count: {count}rem; "
        f"--name: {name}rem; --rest: {rest}rem; }}\n"
        for n, (count, name, rest) in _TYPE.items()
    )
    return f"<style>{_BASE}{sizes}</style>"
