// Back leads to the page before, or to the model before: what a gesture writes into the address is no step of history.
// Streamlit has no such choice: each change of st.query_params is a pushState (App.handlePageInfoChanged, as of 1.67).
// So a push that stays on the page and keeps its model, or names the first, replaces the entry that there is. The own
// property hides the method of History.prototype, and tells a second run that the first has been here.
if (!Object.hasOwn(history, "pushState")) {
  history.pushState = (state, title, address) => {
    const here = new URL(location.href);
    const there = new URL(address ?? here, here);
    const [before, after] = [here, there].map(({ searchParams }) => searchParams.get("model"));
    const stays = here.pathname === there.pathname && [null, after].includes(before);
    History.prototype[stays ? "replaceState" : "pushState"].call(history, state, title, address);
    dispatchEvent(new Event("addressed"));
  };
}
