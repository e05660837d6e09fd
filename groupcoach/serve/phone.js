"use strict";
// One participant's page. The code is kept in this tab only, so that it can be shown again after the engine restarts.
const $ = (id) => document.getElementById(id);
const WORDS = {
  en: { lost: "connecting", wait: "getting ready", gone: "not seen" },
  ko: { lost: "연결 중", wait: "준비 중", gone: "안 보여요" },
};
let code = decodeURIComponent(location.hash.slice(1));
let source = null, language = "en", shownAt = 0, beat = 0;

async function post(path, body) {
  return fetch("/me/" + path, {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body || {}),
  });
}

async function enter() {
  let answer;
  try { answer = await post("enter", { code }); } catch { return "lost"; }
  if (answer.ok) return "ok";
  $("why").textContent = (await answer.json()).detail || "?";
  return answer.status === 403 ? "wrong" : "later";
}

function listen() {
  if (source) source.close();
  source = new EventSource("/me/events");
  source.onopen = () => link("");
  source.addEventListener("state", (e) => show(JSON.parse(e.data)));
  source.addEventListener("cue", (e) => hear(JSON.parse(e.data)));
  source.onerror = () => {
    link(WORDS[language].lost);
    // 2 = closed: the session is unknown (the engine was started again), the browser does not try by itself
    if (source.readyState === 2) { source.close(); setTimeout(again, 400); }
  };
}

async function again() {
  const how = await enter();
  if (how === "ok") listen();
  else if (how === "wrong") setTimeout(again, 3000);  // the person may not have been seen yet
  else setTimeout(again, how === "lost" ? 400 : 15000);
}

function link(text) { $("link").textContent = text; }

function show(state) {
  language = WORDS[state.language] ? state.language : "en";
  document.documentElement.lang = language;
  $("name").textContent = state.name;
  $("exercise").textContent = state.exercise;
  $("reps").textContent = state.reps;
  if (state.target) {
    const of = document.createElement("small");
    of.textContent = " / " + state.target;
    $("reps").append(of);
  }
  link(state.present ? "" : WORDS[language].gone);
  draw(state.points || {}, state.bones || [], state.wrong || []);
  if (Date.now() - shownAt > 6000) note("", "");
}

function draw(points, bones, wrong) {
  const svg = $("body"), make = (kind, is, name) => {
    const el = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const key in is) el.setAttribute(key, is[key]);
    if (name) el.setAttribute("class", name);
    svg.append(el);
  };
  svg.replaceChildren();
  for (const [a, b] of bones) {
    const p = points[a], q = points[b];
    if (p && q) make("line", { x1: p[0], y1: p[1], x2: q[0], y2: q[1] });
  }
  if (points.head) make("circle", { cx: points.head[0], cy: points.head[1], r: 0.055 });
  for (const name of wrong) {  // a diamond, not only a colour
    const p = points[name];
    if (p) {
      const r = 0.06, at = `${p[0]},${p[1] - r} ${p[0] + r},${p[1]} ${p[0]},${p[1] + r} ${p[0] - r},${p[1]}`;
      make("polygon", { points: at, "data-joint": name }, "wrong");
    }
  }
}

// Phones let a page make sound only after it did so within a touch.
function unlock() {
  $("voice").src = "/me/silence.wav";
  $("voice").play().catch(() => {});
  if ("speechSynthesis" in window) speechSynthesis.speak(new SpeechSynthesisUtterance(""));
}

function note(text, kind) { $("cue").textContent = text; $("cue").className = kind; }

function hear(cue) {
  shownAt = Date.now();
  note(cue.text, cue.priority);
  if (navigator.vibrate) navigator.vibrate(cue.priority === "danger" ? [300, 100, 300] : 120);
  const began = performance.now();
  let told = false;
  const answer = (spoken) => {
    if (told) return;
    told = true;
    post("answer", { cue: cue.cue, spoken, took_s: spoken ? Math.min(60, (performance.now() - began) / 1000) : 0 })
      .catch(() => {});
  };
  const own = "speechSynthesis" in window &&
    speechSynthesis.getVoices().find((v) => v.lang.toLowerCase().startsWith(cue.language));
  if (own) {
    const words = new SpeechSynthesisUtterance(cue.text);
    words.lang = own.lang;
    words.voice = own;
    words.onend = () => answer(true);
    words.onerror = () => answer(false);
    speechSynthesis.cancel();
    speechSynthesis.speak(words);
    return;
  }
  const audio = $("voice");
  audio.onended = () => answer(true);
  audio.onerror = () => answer(false);
  audio.src = "/me/sound/" + cue.cue;
  audio.play().catch(() => answer(false));
}

$("code").value = code;
$("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  unlock();
  code = $("code").value.trim();
  $("why").textContent = "";
  const how = await enter();
  if (how !== "ok") return;
  history.replaceState(null, "", "/me");  // the code is not left in the address bar for a glance over the shoulder
  $("door").hidden = true;
  $("mine").hidden = false;
  link(WORDS[language].wait);
  listen();
  if (!beat) beat = setInterval(() => post("here").catch(() => {}), 4000);
});
if ("speechSynthesis" in window) speechSynthesis.getVoices();  // some browsers load them only when asked
