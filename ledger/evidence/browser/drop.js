// A file dropped on the page. Anywhere it is taken as the bundle, on the field of the policy as the policy; without this the
// browser would leave the page and open the file itself.

/** Have drops chosen: `chosen(id)` is called after a file has been put in place, `refuse()` where it is not one file. */
export function takeDrops(chosen, refuse) {
  const marked = () => document.querySelectorAll(".over");
  const leave = () => marked().forEach((field) => field.classList.remove("over"));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    leave();
    fieldOf(event).classList.add("over");
  });
  document.addEventListener("dragleave", leave);
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    leave();
    const { files } = event.dataTransfer;
    if (files.length !== 1) return refuse();
    const id = fieldOf(event).dataset.takes;
    document.getElementById(id).files = files;
    return chosen(id);
  });
}

function fieldOf({ target }) {
  const field = target instanceof Element ? target.closest("[data-takes]") : null;
  return field ?? document.querySelector('[data-takes="bundle"]');
}
