// Streamlit's sanitiser takes MathML out of a page: a formula comes as the text of an attribute, and is made here.
if (!document.documentElement.dataset.words) {
  document.documentElement.dataset.words = "true";
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  const ELEMENTS = new Set("math mrow mi mn mo mtext mspace msub msup msubsup mfrac msqrt mover".split(" "));
  const ATTRIBUTES = new Set("accent class form lspace mathvariant rspace stretchy width".split(" "));

  /** @param {Element} element */
  const allowed = (element) =>
    element.namespaceURI === MATHML &&
    ELEMENTS.has(element.localName) &&
    [...element.attributes].every(({ name }) => ATTRIBUTES.has(name));

  /** @param {Element} span */
  function typeset(span) {
    const { body } = new DOMParser().parseFromString(span.getAttribute("data-mathml") ?? "", "text/html");
    span.removeAttribute("data-mathml");
    if ([...body.querySelectorAll("*")].every(allowed)) span.replaceChildren(...body.childNodes);
  }

  // An observer is heard before the browser draws: nobody sees the letters that stand there first.
  const all = () => document.querySelectorAll("[data-mathml]").forEach(typeset);
  new MutationObserver(all).observe(document.documentElement, { childList: true, subtree: true });
  all();
}
