"""The page's script: draws the figures of the cards, and tells Python which card was tapped.

The cards' HTML is replaced twice a second. So the drawings are made before the browser paints (a mutation observer),
a tap is what lies under the finger when it is lifted, and the keyboard's focus is given back to the new card.
Buttons may move while the page is drawn anew; a tap on one is meant for what lay under the finger when it came down.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

JS = """
const SVG = 'http://www.w3.org/2000/svg';
const rows = (text) => (text || '').split(';').filter(Boolean).map((r) => r.split(',').map(Number));
function add(svg, kind, values, name) {
  const el = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(values)) el.setAttribute(key, value);
  if (name) el.setAttribute('class', name);
  svg.appendChild(el);
}
function draw(el) {
  const d = el.dataset, svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', d.box);
  svg.setAttribute('aria-hidden', 'true');
  if (d.points) {
    svg.setAttribute('preserveAspectRatio', 'none');
    add(svg, 'polyline', {points: rows(d.points).map((p) => p.join(',')).join(' ')}, 'gc-trace-line');
  }
  for (const [x1, y1, x2, y2] of rows(d.lines)) add(svg, 'line', {x1, y1, x2, y2}, 'gc-bone');
  for (const [cx, cy] of rows(d.head)) add(svg, 'circle', {cx, cy, r: 7}, 'gc-head');
  for (const [cx, cy] of rows(d.rings)) {
    add(svg, 'circle', {cx, cy, r: 10}, 'gc-ring');
    add(svg, 'circle', {cx, cy, r: 3.5}, 'gc-dot');
  }
  el.appendChild(svg);
}
function fresh(page) {
  document.querySelectorAll('.gc-draw:empty').forEach(draw);
  if (page.focus && document.activeElement === document.body)
    document.querySelector(`[data-person="${page.focus}"]`)?.focus({preventScroll: true});
}
function start() {
  const page = {focus: null, down: null, pressed: null, at: [0, 0], tell: () => {}};
  const card = (el) => (el instanceof Element ? el.closest('[data-person]') : null);
  const choose = (el) => { const found = card(el); if (found) page.tell(Number(found.dataset.person)); };
  document.addEventListener('pointerdown', (e) => {
    page.focus = null;
    page.down = card(e.target) ? [e.clientX, e.clientY] : null;
    page.pressed = e.target instanceof Element ? e.target.closest('button, label') : null;
    page.at = [e.clientX, e.clientY];
  }, true);
  document.addEventListener('pointerup', (e) => {
    const from = page.down;
    page.down = null;
    if (from && e.button === 0 && Math.hypot(e.clientX - from[0], e.clientY - from[1]) < 12)
      choose(document.elementFromPoint(e.clientX, e.clientY));
  });
  document.addEventListener('click', (e) => {
    const pressed = page.pressed;
    page.pressed = null;
    // it moved, the finger did not: without this the tap is lost, or is one on its neighbour
    if (pressed?.isConnected && e.isTrusted && e.detail && !pressed.contains(e.target)
        && Math.hypot(e.clientX - page.at[0], e.clientY - page.at[1]) < 12) {
      e.preventDefault();
      e.stopPropagation();
      pressed.click();
    }
  }, true);
  document.addEventListener('keydown', (e) => {
    if ((e.key === 'Enter' || e.key === ' ') && card(document.activeElement) === document.activeElement
        && document.activeElement) { e.preventDefault(); choose(document.activeElement); }
    if (e.key === 'Tab') page.focus = null;
  });
  document.addEventListener('focusin', (e) => { page.focus = card(e.target)?.dataset.person || null; });
  new MutationObserver(() => fresh(page)).observe(document.body, {childList: true, subtree: true});
  return page;
}
export default function (component) {
  window.groupcoachPage = window.groupcoachPage || start();
  window.groupcoachPage.tell = (person) => component.setTriggerValue('person', person);
  fresh(window.groupcoachPage);
}
"""


@lru_cache(maxsize=1)
def _component() -> Any:
    from streamlit.components.v2 import component

    return component("groupcoach_page", js=JS, isolate_styles=False)


def tapped(key: str = "page_script") -> int | None:
    """Put the script on the page; the person whose card was tapped just now, else None. Call outside of fragments."""
    value = _component()(key=key, on_person_change=lambda: None).person
    return int(value) if isinstance(value, (int, float)) else None
