// Everything that comes from the catalogue or the user goes through textContent: it is shown, never interpreted.
"use strict";

const id = name => document.getElementById(name);
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

let model;          // what GET /model says
let asked = 0;      // an answer to an older question is dropped

async function start() {
  for (;;) {
    let state;
    try {
      state = await (await fetch("/health/ready")).json();
    } catch {
      state = { status: "loading", doing: "The server does not answer; trying again" };
    }
    if (state.status === "ready")
      break;
    showLoading(state);
    if (state.status === "failed")
      return;
    await pause(500);
  }
  model = await ask("/model");
  id("loading").hidden = true;
  id("search").hidden = false;
  fill();
}

function showLoading(state) {
  const bar = id("loading-bar");
  const known = Number.isInteger(state.total) && state.total > 0;
  id("loading-text").textContent = state.doing + (known ? `, ${state.done} of ${state.total}` : "") + (state.status === "failed" ? "" : " …");
  if (known) {
    bar.max = state.total;
    bar.value = state.done;
  } else {
    bar.removeAttribute("value");
  }
  bar.hidden = state.status === "failed";
}

// The answer as JSON; what the server says is wrong becomes an Error with its words.
async function ask(address, body) {
  let response;
  try {
    response = await fetch(address, body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  if (response.ok)
    return await response.json();
  let detail;
  try {
    detail = (await response.json()).detail;
  } catch { /* no JSON: the status has to do */ }
  throw new Error(detail || `The server answered with status ${response.status}.`);
}

function fill() {
  id("summary").textContent = `${model.items.toLocaleString("en")} items in one space of ${model.dimension} dimensions. Search one side of the model with the other.`;
  id("credit").textContent = model.credit ?? "";
  const searched = model.columns.filter(column => column.items > 0);
  // The side that can be typed comes first; it is the one most people try.
  const sides = [...model.columns].sort((a, b) => (b.kind === "text") - (a.kind === "text"));
  for (const column of sides) {
    const label = document.createElement("label");
    const choice = document.createElement("input");
    choice.type = "radio";
    choice.name = "side";
    choice.value = column.column;
    choice.addEventListener("change", choose);
    label.append(choice, column.column);
    id("sides").append(label);
  }
  for (const column of searched)
    id("among").append(new Option(`${column.column} (${column.items})`, column.column));
  if (searched.length > 1)
    id("among").append(new Option(`Both (${model.items})`, ""));
  for (const example of model.examples) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = example;
    button.addEventListener("click", () => {
      id("text").value = example;
      id("search").requestSubmit();
    });
    id("examples").append(button);
  }
  id("sides").querySelector("input").checked = true;
  choose();
  if (searched.length === 0)
    fail("There is nothing to search: start the server with --catalogue FILE.");
}

const side = () => model.columns.find(column => column.column === id("sides").querySelector(":checked").value);

// Shows the input that the side takes, and offers the other side's items.
function choose() {
  const { column, kind, takes } = side();
  id("text-input").hidden = kind !== "text";
  id("picture-input").hidden = kind !== "picture";
  id("list-input").hidden = kind === "text" || kind === "picture";
  id("text-label").textContent = `${column} (${takes})`;
  id("list-label").textContent = `${column} (${takes})`;
  const other = model.columns.find(each => each.column !== column && each.items > 0);
  if (other !== undefined)
    id("among").value = other.column;
}

async function input() {
  const { kind } = side();
  if (kind === "text") {
    if (id("text").value.trim() === "")
      throw new Error("Type something to search for.");
    return id("text").value;
  }
  if (kind === "picture") {
    const file = id("picture").files[0];
    if (file === undefined)
      throw new Error("Choose a picture file first.");
    return await base64(file);
  }
  try {
    return JSON.parse(id("list").value);
  } catch {
    throw new Error("Expected JSON, for instance [0.5, 1, -2].");
  }
}

// Checked before anything is read or sent; the server checks again.
async function base64(file) {
  const overhead = 1000;
  if (file.size * 4 / 3 + overhead > model.maximumBodyBytes)
    throw new Error(`The file has ${file.size} bytes; the server takes pictures of at most ${Math.floor((model.maximumBodyBytes - overhead) * 3 / 4)}.`);
  return await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(new Error("The file cannot be read.")));
    reader.readAsDataURL(file);
  });
}

async function search(query, words) {
  const number = ++asked;
  id("go").disabled = true;
  try {
    const count = Number(id("count").value);
    if (!Number.isInteger(count) || count < 1 || count > 100)
      throw new Error("How many: expected a whole number from 1 to 100.");
    const body = { column: query.column, input: await query.input(), count };
    if (id("among").value !== "")
      body.among = id("among").value;
    const answer = await ask("/search", body);
    if (number === asked)
      show(answer.matches, words());
  } catch (problem) {
    if (number === asked)
      fail(problem.message);
  } finally {
    if (number === asked)
      id("go").disabled = false;
  }
}

function show(matches, words) {
  id("problem").hidden = true;
  id("results").hidden = false;
  id("asked").textContent = `The nearest ${matches.length} for ${words}, best first. The score is the cosine: 1 is the same direction, 0 unrelated.`;
  id("matches").replaceChildren(...matches.map(item));
}

function item(match) {
  const element = document.createElement("li");
  if (match.picture !== null) {
    const picture = document.createElement("img");
    picture.src = match.picture;
    picture.alt = "";  // the name below says it
    element.append(picture);
  }
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = match.name;
  const score = document.createElement("span");
  score.className = "score";
  score.textContent = `score ${match.score.toFixed(2)}`;
  element.append(name, score);
  // On from here: a picture that was found is the next question.
  if (match.picture !== null && model.columns.some(column => column.column !== match.column && column.items > 0)) {
    const other = model.columns.find(column => column.column !== match.column);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `Its ${other.column.toLowerCase()}`;
    button.setAttribute("aria-label", `Its ${other.column.toLowerCase()}: search by the picture ${match.name}`);
    button.addEventListener("click", () => {
      id("sides").querySelector(`[value="${CSS.escape(match.column)}"]`).checked = true;
      choose();
      search({ column: match.column, input: async () => await base64(await (await fetch(match.picture)).blob()) }, () => `the picture “${match.name}”`);
      id("found").focus();
    });
    element.append(button);
  }
  return element;
}

function fail(message) {
  id("results").hidden = true;
  id("problem").hidden = false;
  id("problem").textContent = message;
}

function preview() {
  const file = id("picture").files[0];
  const image = id("preview");
  if (image.src)
    URL.revokeObjectURL(image.src);
  image.hidden = file === undefined;
  if (file === undefined)
    image.removeAttribute("src");
  else
    image.src = URL.createObjectURL(file);
}

id("search").addEventListener("submit", event => {
  event.preventDefault();
  const { column, kind } = side();
  search({ column, input }, () => kind === "text" ? `“${id("text").value}”` : kind === "picture" ? `the picture “${id("picture").files[0].name}”` : "these numbers");
});
id("picture").addEventListener("change", preview);
id("preview").addEventListener("error", () => { id("preview").hidden = true; });
for (const name of ["dragenter", "dragleave", "drop"])
  id("picture-input").addEventListener(name, () => id("picture-input").classList.toggle("over", name === "dragenter"));
start().catch(problem => fail(problem.message));
