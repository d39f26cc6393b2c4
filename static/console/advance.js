/* From one case to the next: one is claimed ahead and loaded with its pictures while the reviewer looks at the one before it. */
"use strict";

(() => {
  const { ready, post, load, show, drop, toast, desk, mine } = Zizhi;
  let ahead = null;

  /** Claim one case ahead and load it; nothing is done about it until it is its turn. */
  async function look() {
    try {
      const { next } = await post(desk().dataset.next, { ahead: "1" });
      if (!next || next.case === desk().dataset.case) return null;
      return { ...next, page: await load(next.url, { ahead: true }) };
    } catch {
      return null;
    }
  }

  /** Go where the server's answer leads. `since`: when the key was pressed, for the measure. */
  async function onward(answer, since) {
    if (!answer.next) { location.assign(answer.queue); return; }
    const ready = await ahead;
    ahead = null;
    const loaded = ready?.case === answer.next.case;
    if (ready && !loaded) drop(ready.page);
    try {
      show(loaded ? ready.page : await load(answer.next.url));
    } catch {
      location.assign(answer.next.url);
      return;
    }
    toast(answer.toast || "");
    if (since === undefined) return;
    requestAnimationFrame(() => performance.measure("advance", { start: since, end: performance.now() }));
  }

  /** Show this case anew, as the server has it now. */
  async function again() {
    try {
      show(await load(location.href));
    } catch {
      location.reload();
    }
  }

  ready(() => {
    if (!mine() || ahead) return;
    const begin = () => { if (!ahead && mine()) ahead = look(); };
    if ("requestIdleCallback" in window) requestIdleCallback(begin, { timeout: 500 });
    else setTimeout(begin, 200);
  });

  Zizhi.onward = onward;
  Zizhi.again = again;
})();
