// Runs before the first paint, so that elements that need a script or a handheld camera do not flicker.
document.documentElement.classList.add("js");
if (navigator.maxTouchPoints > 0) document.documentElement.classList.add("touch");
