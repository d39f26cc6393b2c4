/* On a phone, a list's rows are shown as cards: each value needs its column's name, and screen readers need table roles. */
"use strict";

(() => {
  const tables = document.querySelectorAll(".change-list:not(.console-queue) #result_list, .results > table, .lost-contact table, table.keys");
  const gives = (elements, role) => elements.forEach((element) => element.setAttribute("role", role));
  for (const table of tables) {
    const names = [...table.querySelectorAll("thead th")].map((head) => (head.querySelector(".text") || head).textContent.trim());
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].forEach((cell, at) => {
        if (names[at]) cell.dataset.label = names[at];
      });
      gives(row.querySelectorAll("td"), "cell");
      gives(row.querySelectorAll("th"), "rowheader");
    }
    gives([table], "table");
    gives(table.querySelectorAll("thead, tbody"), "rowgroup");
    gives(table.querySelectorAll("tr"), "row");
    gives(table.querySelectorAll("thead th"), "columnheader");
    table.classList.add("cards");
  }
})();
