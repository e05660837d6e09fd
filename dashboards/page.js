// The live page's script: takes what the dashboard pushes (stream.py), puts in what differs, draws the figures of the
// cards, and tells Python which card was tapped.
//
// Cards are replaced while the class goes on. So the drawings are made before the browser paints (a mutation observer),
// a tap is what lies under the finger when it is lifted, and the keyboard's focus is given back to the new card.
// Buttons may move while Streamlit draws anew; a tap on one is meant for what lay under the finger when it came down.

const SVG = 'http://www.w3.org/2000/svg';
// What the pages' HTML consists of (markup.py). Its texts are escaped where it is made; nothing else gets in here either.
const TAGS = new Set(['DIV', 'SPAN', 'B', 'I']);
const NAMES = /^(class|role|tabindex|data-[a-z]+|aria-label|style)$/;

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

// -- what is pushed -----------------------------------------------------------------------------------------------------

function made(html) {
  const part = document.createElement('template');
  part.innerHTML = html;
  for (const el of part.content.querySelectorAll('*')) {
    if (!TAGS.has(el.tagName)) el.remove();
    for (const {name} of [...el.attributes]) if (!NAMES.test(name)) el.removeAttribute(name);
  }
  return part.content;
}

function put(slot, html) {
  if (!slot || slot.shown === html) return;
  slot.shown = html;
  slot.replaceChildren(made(html));
}

function show(page, now) {
  const slot = (name) => page.root.querySelector(`.gc-at-${name}`);
  put(slot('top'), now.over);
  put(slot('needs'), now.needs);
  put(slot('line'), now.line);
  const picture = page.root.querySelector('.gc-picture img'), source = `${page.own.engine}/preview.mjpg?${now.attempt}`;
  if (picture.getAttribute('src') !== source) picture.setAttribute('src', source);
  const grid = slot('cards'), kind = `gc-at-cards ${now.kind}`;
  if (grid.className !== kind) grid.className = kind;
  while (grid.children.length > now.cards.length) grid.lastElementChild.remove();
  now.cards.forEach((html, i) => {
    const old = grid.children[i];
    if (old?.shown === html) return;
    const card = made(html).firstElementChild;
    card.shown = html;
    if (old) old.replaceWith(card); else grid.appendChild(card);
  });
  page.state = now.state;
  page.told();
  // the class's language became known: what Streamlit drew is in another one
  if (now.language !== page.own.drawn && page.spoken !== now.language) { page.spoken = now.language; page.again(); }
}

function listen(page) {
  page.stream?.close();
  const stream = page.stream = new EventSource(`/live/events?language=${page.own.language}`);
  stream.onmessage = (event) => {
    const now = JSON.parse(event.data);
    if (!now.again) { show(page, now); return; }
    stream.close(); // the page is to ask anew what it may show; where it stays as it was, so does this
    page.again();
    setTimeout(() => { if (stream === page.stream) listen(page); }, 2000);
  };
  // a stream that broke off is opened again by the browser; one that was refused is not
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (stream === page.stream) listen(page); }, 1000);
  };
}

// -- taps ---------------------------------------------------------------------------------------------------------------

function start() {
  const nothing = () => {};
  const page = {focus: null, down: null, pressed: null, at: [0, 0], tell: nothing, told: nothing, again: nothing};
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

const page = () => (window.groupcoachPage = window.groupcoachPage || start());

/** The page itself: `data` has the engine's address, the language, and what the picture is called. */
export default function (component) {
  const here = page(), own = component.data;
  here.tell = (person) => component.setTriggerValue('person', person);
  here.again = () => component.setTriggerValue('again', Date.now());
  here.root = component.parentElement.querySelector('.gc-live');
  here.root.querySelector('img').alt = own.picture;
  const before = here.own, top = here.root.querySelector('.gc-at-top');
  here.own = own;
  if (!top.firstChild) put(top, own.over); // says so when nothing ever comes
  if (!here.stream || here.stream.readyState === EventSource.CLOSED || before.language !== own.language) listen(here);
  fresh(here);
  return () => { here.stream?.close(); Object.assign(here, {stream: null, state: undefined, asked: 0, spoken: null}); };
}
