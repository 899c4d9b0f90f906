"use strict";
// Asks once a second whether the run's files have changed, and shows what the server says of them.

const $ = (name) => document.getElementById(name);
let version = "";
let epochs = []; // of the film
let playing = 0;

async function look() {
  try {
    const answer = await fetch("state.json?have=" + encodeURIComponent(version));
    if (answer.status === 200) show(await answer.json());
    $("lost").hidden = true;
  } catch {
    $("lost").hidden = false;
  }
  setTimeout(look, document.hidden || !$("lost").hidden ? 5000 : 1000);
}

function show(state) {
  version = state.version;
  document.title = state.said + " - " + state.title;
  $("title").textContent = state.title;
  if ($("status").textContent !== state.status) $("status").textContent = state.status;
  $("said").textContent = state.said;
  $("facts").replaceChildren(...state.facts.map(([name, value]) => {
    const card = document.createElement("div");
    card.append(text("dt", name), text("dd", value));
    return card;
  }));
  $("warnings").hidden = !state.warnings.length;
  $("warnings").replaceChildren(...state.warnings.map((words) => text("p", words)));
  if (state.charts) $("charts").innerHTML = state.charts; // the server's own, names are escaped
  $("charts").dataset.points = state.points;
  showFilm(state.film);
  showBatch(state.batch);
}

function text(kind, words) {
  const element = document.createElement(kind);
  element.textContent = words;
  return element;
}

// ------------------------------------------------------------------ the film

function showFilm(film) {
  const atEnd = +$("at").value === epochs.length - 1 || !epochs.length;
  const changed = film.join() !== epochs.join();
  epochs = film;
  $("film").hidden = !film.length;
  if (!film.length || !changed) return;
  $("at").max = film.length - 1;
  if (atEnd && !playing) $("at").value = film.length - 1; // follow the training
  showFrame();
}

function showFrame() {
  const epoch = epochs[+$("at").value];
  $("frame").textContent = epoch;
  $("at").setAttribute("aria-valuetext", "epoch " + epoch);
  $("filters").alt = "First-layer filters after epoch " + epoch;
  // The version begins with that of config.json: another run in this folder has other filters.
  $("filters").src = `filters.png?epoch=${epoch}&run=${version.split(".")[0]}`;
}

function play() {
  if (playing) {
    clearInterval(playing);
    playing = 0;
  } else {
    if (+$("at").value === epochs.length - 1) $("at").value = 0;
    playing = setInterval(next, 300);
    showFrame();
  }
  $("play").textContent = playing ? "Stop" : "Play";
}

function next() {
  $("at").value = +$("at").value + 1;
  showFrame();
  if (+$("at").value >= epochs.length - 1) play();
}

// ------------------------------------------------------------------ the batch

function showBatch(epoch) {
  const address = `batch.png?epoch=${epoch}&run=${version.split(".")[0]}`;
  if (epoch === null || $("images").getAttribute("src") === address) return;
  $("batch").hidden = false;
  $("images").alt = "The first training images of epoch " + epoch;
  $("images").src = address;
}

$("images").addEventListener("load", () => {
  $("images").hidden = false;
  $("what").textContent = $("images").alt + ", as the network sees them.";
});
$("images").addEventListener("error", () => {
  $("images").hidden = true;
  $("what").textContent = "The run's images cannot be read.";
});
$("play").addEventListener("click", play);
$("at").addEventListener("input", () => {
  if (playing) play();
  showFrame();
});
look();
