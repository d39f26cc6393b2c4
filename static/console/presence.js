/* That the page is still open, who else has it open, whose case it is, and for how long. */
"use strict";

(() => {
  const { ready, post, desk, mine } = Zizhi;
  const EVERY = 10_000;
  const IDLE = 5 * 60_000;
  let touched = performance.now();
  let ends = 0;

  const idle = () => performance.now() - touched >= IDLE;

  for (const sign of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(sign, () => {
      const back = idle();
      touched = performance.now();
      if (back) beat();
    }, { passive: true });
  }

  const aside = () => document.querySelector("[data-aside]");

  /** A page that nobody touches goes silent: its claim ends soon after, and no beat keeps anybody signed in who has left. */
  async function beat() {
    const page = desk();
    if (!page?.dataset.beat || idle()) return;
    let answer;
    try {
      answer = await post(page.dataset.beat, { active: "1" });
    } catch {
      return;
    }
    if (desk() !== page || !answer.ok) return;
    if (answer.mine && !mine()) { await Zizhi.again(); return; }
    if (!answer.mine) delete page.dataset.mine;
    ends = performance.now() + 1000 * answer.seconds_left;
    const place = aside();
    if (place.dataset.asideKey !== answer.key) {
      place.dataset.asideKey = answer.key;
      place.innerHTML = answer.html;
    }
    tick();
  }

  function tick() {
    const claim = document.querySelector(".claim-mine");
    if (!claim || claim.matches(".over")) return;
    const left = Math.ceil((ends - performance.now()) / 1000);
    claim.classList.toggle("soon", left <= 60);
    if (left <= 0) {
      claim.classList.add("over");
      claim.textContent = claim.dataset.over;
      return;
    }
    claim.querySelector(".countdown").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }

  ready(() => {
    const place = aside();
    if (!place) return;
    ends = performance.now() + 1000 * Number(place.dataset.secondsLeft);
    tick();
    beat();
  });
  setInterval(tick, 1000);
  setInterval(beat, EVERY);
})();
