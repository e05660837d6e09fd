"""The pages' style sheet: big type, explicit colours (Okabe and Ito's, safe for the colour-blind), one screen.

Dark and light follow the browser; so do Streamlit's own widgets (``launch`` names no theme).
"""

from __future__ import annotations

from typing import Final

#: Height of a grid of cards: what one screen leaves below the strip at the top.
_COLUMNS: Final = {1: 1, 2: 1, 4: 2, 6: 2, 9: 3, 12: 3, 20: 4, 30: 5, 31: 6}
#: Count, name and the rest in rem; the cards of a full class are small, those of four people fill the wall.
_TYPE: Final = {
    1: (20.0, 4.5, 3.0), 2: (12.0, 4.0, 2.6), 4: (8.5, 3.0, 2.0), 6: (7.0, 2.5, 1.8), 9: (4.4, 2.0, 1.4),
    12: (4.0, 1.9, 1.3), 20: (3.0, 1.5, 1.1), 30: (2.5, 1.25, 1.0), 31: (1.8, 1.05, 0.8),
}  # fmt: skip

_LIGHT: Final = (
    "--page: #f4f5f7; --card: #fff; --edge: #c9ced4; --ink: #14171a; --soft: #4a5057; --bar: #d7dbe0; --good: #00704f; "
    "--share: #009e73; --fault: #b84a00; --fault-edge: #d55e00; --fault-card: #fff4ec; --lost: #e7e9ec; "
    "--notice: #fdf3c4; --bone: #4a5057; --flag: #c1001b; --trace: #0072b2;"
)
_DARK: Final = (
    "--page: #0f1215; --card: #1b2025; --edge: #4b545d; --ink: #f2f4f6; --soft: #b9c1c9; --bar: #3a424a; "
    "--good: #3fd0a4; --share: #3fd0a4; --fault: #b84a00; --fault-edge: #ff9c4a; --fault-card: #33220f; "
    "--lost: #14181c; --notice: #453a08; --bone: #d4dae0; --flag: #ff6b7d; --trace: #56b4e9;"
)

_BASE: Final = """
.stApp { background: var(--page); }
.stMainBlockContainer, .block-container { padding: 0.6rem 1rem 0 1rem !important; max-width: none !important; }
header.stAppHeader { background: transparent; height: 2.4rem; min-height: 2.4rem; }
.stMainBlockContainer { padding-top: 2.4rem !important; }
.stMain [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
.gc-live { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 1rem; }
.gc-at-top { grid-column: 1 / -1; height: 0; }
.gc-left { display: flex; flex-direction: column; gap: 0.5rem; min-width: 0; } .gc-right { min-width: 0; }
.gc-cards, .gc-needs, .gc-line, .gc-empty, .gc-picture, .gc-stale, .gc-answer, .gc-table, .gc-title, .gc-person {
  font-family: "Noto Sans", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif; color: var(--ink);
  line-height: 1.15; }
.gc-cards { display: grid; gap: 0.5rem; height: calc(100vh - 4.2rem); grid-auto-rows: minmax(0, 1fr); }
.gc-cards.gc-short { height: 72vh; }
.gc-card { background: var(--card); border: 0.2rem solid var(--edge); border-radius: 0.7rem;
  padding: 0.3em 0.6em 0.4em; display: flex; flex-direction: column; min-width: 0; overflow: hidden;
  font-size: var(--rest); }
[data-person] { cursor: pointer; touch-action: manipulation; }
[data-person]:focus-visible { outline: 0.25rem solid var(--trace); outline-offset: 0.05rem; }
.gc-fault { border-color: var(--fault-edge); background: var(--fault-card); }
.gc-lost { border-style: dashed; background: var(--lost); }
.gc-lost .gc-count, .gc-lost .gc-who, .gc-lost .gc-exercise, .gc-lost .gc-note { color: var(--soft); }
.gc-name { font-size: var(--name); font-weight: 700; display: flex; gap: 0.3em; align-items: baseline; min-width: 0;
  line-height: 1.3; }
.gc-who, .gc-exercise, .gc-clean { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0;
  line-height: 1.35; }
.gc-tags { margin-left: auto; display: flex; gap: 0.4em; }
.gc-tag { font-size: var(--rest); font-weight: 600; color: var(--soft); white-space: nowrap; padding: 0 0.4em;
  border: 0.1rem solid var(--edge); border-radius: 0.4em; }
.gc-mark { color: var(--good); } .gc-fault .gc-mark, .gc-need .gc-mark { color: var(--fault-edge); }
.gc-lost .gc-mark, .gc-rest .gc-mark { color: var(--soft); } .gc-nobody .gc-mark { color: var(--good) !important; }
.gc-mid { display: flex; gap: 0.8em; align-items: center; min-width: 0; min-height: 0; flex: 1; }
.gc-count { font-size: var(--count); font-weight: 800; line-height: 1; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.gc-target { font-size: 0.45em; font-weight: 600; color: var(--soft); padding-left: 0.25em; }
.gc-side { display: flex; gap: 0.6em; min-width: 0; align-items: baseline; }
.gc-exercise { font-weight: 600; flex: 1; }
.gc-clean { color: var(--soft); flex-shrink: 0; }
.gc-bar { display: block; margin: 0.15em 0 0.3em; flex-shrink: 0; height: 0.45em; background: var(--bar);
  border-radius: 0.3em; overflow: hidden; }
.gc-bar b { display: block; height: 100%; background: var(--share); }
.gc-draw svg { display: block; width: 100%; height: 100%; overflow: visible; }
.gc-figure { height: 100%; width: 34%; flex-shrink: 0; min-height: 0; margin-left: auto; }
.gc-trace { height: 45%; max-height: 3em; flex: 1; min-width: 0; }
.gc-bone { stroke: var(--bone); stroke-width: 5; stroke-linecap: round; } .gc-head { fill: var(--bone); }
.gc-ring { fill: none; stroke: var(--flag); stroke-width: 4; } .gc-dot { fill: var(--flag); }
.gc-trace-line { fill: none; stroke: var(--trace); stroke-width: 2; vector-effect: non-scaling-stroke; }
.gc-todo, .gc-note { font-weight: 700; height: 2.95em; box-sizing: border-box; line-height: 1.25; flex-shrink: 0;
  border: solid transparent; border-width: 0.2em 0.5em; }
.gc-todo { background: var(--fault); border-color: var(--fault); color: #fff; border-radius: 0.4em; overflow: hidden;
  display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; }
.gc-note { border-left-width: 0; font-weight: 500; color: var(--soft); overflow: hidden; }
.gc-joint { font-weight: 400; }
:is(.gc-upto20, .gc-upto30, .gc-upto31) .gc-joint { display: none; }
:is(.gc-upto30, .gc-upto31) :is(.gc-trace, .gc-bar) { display: none; }
:is(.gc-upto30, .gc-upto31) .gc-clean span { display: none; }
:is(.gc-upto30, .gc-upto31) .gc-clean::after { content: attr(data-short); }
:is(.gc-upto30, .gc-upto31) :is(.gc-todo, .gc-note) { font-size: 0.9em; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p { color: var(--soft) !important;
  opacity: 1 !important; }
button[data-selected="true"] p { color: var(--ink) !important; font-weight: 700; }
button[kind="primary"] { min-height: 4rem; background: #00573d !important; border-color: #00573d !important;
  color: #fff !important; }
button[kind="primary"] p { font-size: 1.5rem; font-weight: 700; }
[role="dialog"] button, [data-testid="stSidebar"] button { min-height: 2.8rem; }
[role="dialog"] button p, [data-testid="stSidebar"] button p { font-size: 1.15rem; }
.gc-needs { background: var(--card); border-radius: 0.7rem; border: 0.2rem solid var(--edge); padding: 0.5rem 0.9rem;
  min-height: 21.3rem; }
.gc-label { font-size: 1.3rem; font-weight: 700; color: var(--soft); }
.gc-need { display: flex; gap: 0.6rem; align-items: baseline; font-size: 2.3rem; line-height: 1.25; min-width: 0;
  padding-top: 0.15rem; }
.gc-need b { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; flex: 1; }
.gc-what { font-size: 2.1rem; line-height: 1.35; padding-left: 2.6rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.gc-since { white-space: nowrap; color: var(--soft); font-size: 1.7rem; }
.gc-picture img { width: 100%; border-radius: 0.7rem; background: #1d2125; aspect-ratio: 16 / 9; object-fit: contain;
  display: block; }
.gc-line { font-size: 1.5rem; font-weight: 600; padding: 0.2rem 0; }
.gc-notice { font-size: 1.05rem; color: var(--ink); background: var(--notice); border-radius: 0.4rem;
  padding: 0.3rem 0.6rem; margin-top: 0.3rem; }
.gc-empty { font-size: 2.4rem; font-weight: 600; color: var(--soft); padding: 4rem 1rem; text-align: center; }
.gc-person { font-size: 1.6rem; font-weight: 700; overflow-wrap: anywhere; overflow: hidden;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
.gc-title { font-size: 2rem; font-weight: 800; padding: 0; margin: 0; overflow-wrap: anywhere; }
.gc-table { width: 100%; border-collapse: collapse; font-size: 1.05rem; margin-bottom: 1.2rem; }
.gc-table caption { text-align: left; font-size: 1.3rem; font-weight: 700; padding: 0.4rem 0; caption-side: top;
  color: var(--ink); }
.gc-table th { text-align: left; border-bottom: 0.15rem solid var(--ink); padding: 0.25rem 0.6rem 0.25rem 0; }
.gc-table td { border-bottom: 0.06rem solid var(--edge); padding: 0.25rem 0.6rem 0.25rem 0; overflow-wrap: anywhere; }
.gc-table .gc-n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.gc-answer { position: fixed; z-index: 999998; left: 0; right: 0; bottom: 0; font-size: 1.4rem; font-weight: 700;
  padding: 0.4rem 1rem; text-align: center; overflow-wrap: anywhere; }
.gc-done { background: #00573d; color: #fff; } .gc-refused { background: #b3001b; color: #fff; }
.gc-stale { position: fixed; z-index: 999999; left: 0; right: 0; top: 0; background: #b3001b; color: #fff;
  font-size: 1.6rem; line-height: 2rem; font-weight: 800; text-align: center; padding: 0.15rem 1rem; }
.gc-stale::after { content: ""; position: fixed; inset: 0; border: 0.4rem solid #b3001b; pointer-events: none; }
.gc-deadman { visibility: hidden; animation: gc-dead 0s linear 1.9s forwards; }
@keyframes gc-dead { to { visibility: visible; } }
@media (min-width: 1001px) { :root { font-size: clamp(9px, min(0.8333vw, 1.4815vh), 48px) !important; } }
@media (max-width: 1000px) {
  .gc-cards, .gc-cards.gc-short { height: auto; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) !important;
    grid-auto-rows: auto; --count: 3rem !important; --name: 1.5rem !important; --rest: 1.1rem !important; }
  .gc-mid { height: 5rem; }
  .gc-need, .gc-what, .gc-since { font-size: 1.35rem; } .gc-what { white-space: normal; }
  .gc-needs { min-height: 0; } .gc-line { font-size: 1.15rem; }
  .gc-table { font-size: 0.9rem; display: block; overflow-x: auto; }
}
@media (max-width: 640px) { .gc-live { grid-template-columns: minmax(0, 1fr); gap: 0.5rem; } }
@media print {
  header, [data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"], .stButton, .stDownloadButton,
  .stSelectbox, .gc-screen { display: none !important; }
  .stApp, .stMain, .stAppViewContainer, [data-testid="stAppViewContainer"] { position: static !important;
    height: auto !important; overflow: visible !important; background: #fff !important; }
  :root { LIGHT font-size: 10pt !important; }
  .gc-table { display: table; } .gc-table tr { break-inside: avoid; } .gc-table thead { display: table-header-group; }
}
"""


def style_html() -> str:
    """The ``<style>`` element of every page."""
    colours = (
        f":root {{ color-scheme: light dark; {_LIGHT} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}"
    )
    sizes = "".join(
        f".gc-upto{n} {{ grid-template-columns: repeat({_COLUMNS[n]}, minmax(0, 1fr)); --count: {count}rem; "
        f"--name: {name}rem; --rest: {rest}rem; }}\n"
        for n, (count, name, rest) in _TYPE.items()
    )
    return f"<style>{colours}{_BASE.replace('LIGHT', _LIGHT)}{sizes}</style>"
