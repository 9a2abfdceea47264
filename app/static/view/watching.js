/** Do something now, and whenever the page has changed, before it is drawn. @param {() => void} act */
export function whenever(act) {
  let due = 0;
  const soon = () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      act();
    });
  };
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
  addEventListener("resize", soon);
  for (const event of ["load", "scroll"]) document.addEventListener(event, soon, true);
  soon();
}
