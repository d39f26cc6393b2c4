// Runs before the page is painted, so that what needs a script, or a camera in the hand, does not flash by.
document.documentElement.classList.add("js");
if (navigator.maxTouchPoints > 0) document.documentElement.classList.add("touch");
