// Runs before the page is painted, so that what needs a script does not flash by without one.
document.documentElement.classList.add("js");
