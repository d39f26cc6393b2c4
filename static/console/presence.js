/* Presence: reports that the page is open; shows who else has it open, who claimed the case, and for how long. */
"use strict";

(() => {
  const { desk, mine, post, reload } = Zizhi;
  const EVERY = 10_000;
  const IDLE = 5 * 60_000;
  const aside = document.querySelector("[data-aside]");
  if (!aside) return;
  let touched = performance.now();
  let ends = performance.now() + 1000 * Number(aside.dataset.secondsLeft);

  const idle = () => performance.now() - touched >= IDLE;

  for (const sign of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(sign, () => {
      const back = idle();
      touched = performance.now();
      if (back) beat();
    }, { passive: true });
  }

  /** An idle page sends no heartbeat: its claim soon ends, and a reviewer who has left does not stay signed in. */
  async function beat() {
    if (idle()) return;
    let answer;
    try {
      answer = await post(desk.dataset.beat, { active: "1" });
    } catch {
      return;
    }
    if (!answer.ok) return;
    if (answer.mine && !mine()) { reload(); return; }
    if (!answer.mine) delete desk.dataset.mine;
    ends = performance.now() + 1000 * answer.seconds_left;
    if (aside.dataset.asideKey !== answer.key) {
      aside.dataset.asideKey = answer.key;
      aside.innerHTML = answer.html;
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

  tick();
  beat();
  setInterval(tick, 1000);
  setInterval(beat, EVERY);
})();
