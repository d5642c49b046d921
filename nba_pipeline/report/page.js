"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const board = document.getElementById("board");
  const rows = [...board.tBodies];
  const heads = [...board.tHead.rows[0].cells];
  const games = [...document.querySelectorAll(".game")];
  const shown = document.getElementById("shown");
  const nobody = document.getElementById("nobody");
  const fields = form.elements;
  const first = new Map(rows.map((row, at) => [row, at]));
  let sorted = { column: -1, step: 1 };

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = new Map(rows.map((row) => [row, plain(row.dataset.text)]));

  function filter() {
    const words = plain(fields.text.value).split(/\s+/).filter(Boolean);
    const game = fields.game.value;
    const calls = fields.call.value ? fields.call.value.split(" ") : null;
    const result = fields.result ? fields.result.value : "";
    let count = 0;
    for (const row of rows) {
      const text = texts.get(row);
      const keep =
        words.every((word) => text.includes(word)) &&
        (!game || row.dataset.game === game) &&
        (!calls || calls.includes(row.dataset.call)) &&
        (!result || row.dataset.result === result);
      row.hidden = !keep;
      if (keep) count += 1;
    }
    for (const card of games) card.setAttribute("aria-pressed", String(card.dataset.game === game));
    const all = count === rows.length ? "" : ` of ${rows.length}`;
    shown.textContent = `${count}${all} players`;
    nobody.hidden = count > 0;
  }

  function value(row, column) {
    const text = row.rows[0].cells[column].dataset.v;
    if (text === "") return null;
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  }

  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(b);
    return order * sorted.step;
  }

  // What is not there stays last in either direction; equals keep the order of the page.
  function sort(column, step) {
    sorted = { column, step };
    const keys = new Map(rows.map((row) => [row, column < 0 ? 0 : value(row, column)]));
    rows.sort((a, b) => compare(keys.get(a), keys.get(b)) || first.get(a) - first.get(b));
    board.append(...rows);
    heads.forEach((head, at) => {
      const told = at !== column ? "none" : step > 0 ? "ascending" : "descending";
      head.setAttribute("aria-sort", told);
    });
    fields.sort.value = column < 0 ? "" : String(column);
  }

  function begins(column) {
    const texts = rows.some((row) => typeof value(row, column) === "string");
    return texts || heads[column].textContent.trim() === "Call" ? 1 : -1;
  }

  board.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.col !== undefined) {
      const column = Number(button.dataset.col);
      sort(column, sorted.column === column ? -sorted.step : begins(column));
      return;
    }
    const more = document.getElementById(button.getAttribute("aria-controls"));
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
  });
  for (const card of games) {
    card.addEventListener("click", () => {
      fields.game.value = fields.game.value === card.dataset.game ? "" : card.dataset.game;
      filter();
    });
  }
  function choose(event) {
    if (event.target.name !== "sort") return filter();
    const chosen = event.target.value;
    return chosen === "" ? sort(-1, 1) : sort(Number(chosen), begins(Number(chosen)));
  }
  // Not every browser tells of a choice in a list as input.
  for (const kind of ["input", "change"]) form.addEventListener(kind, choose);
  form.addEventListener("reset", () => setTimeout(() => { sort(-1, 1); filter(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
