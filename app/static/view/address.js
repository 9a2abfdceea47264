// The address: where it leads, and what is said of it.

/** Open an address in place: to Streamlit it is as if one had gone back or forward there. @param {URL} address */
export function visit(address) {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Whether this page is shown large. */
export function isPresenting() {
  return new URLSearchParams(location.search).get("present") === "true";
}

/** Show it large, or as before. */
export function present() {
  const address = new URL(location.href);
  address.searchParams.set("present", String(!isPresenting()));
  visit(address);
}

/**
 * The code that shows this view in a page of somebody else's: without the menu and the sidebar, and without controls
 * too where only the picture is wanted.
 *
 * @param {{ controls: boolean, theme: string }} wanted
 */
export function frameOf({ controls, theme }) {
  const address = new URL(location.href);
  address.searchParams.delete("present");
  address.searchParams.set("hide", controls ? "sidebar,menu,title,behind" : "sidebar,menu,all");
  address.searchParams.set("embed", "true");
  if (theme !== "system") address.searchParams.set("embed_options", `${theme}_theme`);
  const [source, title] = [address.href, titleOfView()].map((text) =>
    text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;"),
  );
  return `<iframe src="${source}" title="${title}" width="100%" height="640" style="border: 0"></iframe>`;
}

/** Who may show this server in a frame, in a sentence: its own answer says so. */
export async function framers() {
  const answer = await fetch(location.pathname, { method: "HEAD" }).catch(() => null);
  const policy = answer?.headers.get("content-security-policy") ?? "";
  const named = policy.match(/frame-ancestors ([^;]*)/)?.[1].split(" ") ?? ["*"];
  if (named.includes("*")) return "It works in any page.";
  const others = named.filter((each) => each !== "'self'");
  if (others.length) return `It works in pages of ${others.join(", ")}, for which this server was started.`;
  return "This server lets no other page show it. Start it with --embed and the address of your slides, as https://slides.example.org; for slides in a file with --embed file:";
}

/** The model that this view is of, if it is of one. */
function modelOfView() {
  return document.querySelector(".vc-where")?.textContent?.split(" · ")[0] ?? "";
}

function titleOfView() {
  return [document.querySelector("h1")?.textContent, modelOfView()].filter(Boolean).join(", ");
}

/** What a picture of this view is called: after the page and the model. */
export function nameOfPicture() {
  const page = location.pathname.split("/").pop() || "start";
  return `${[page, modelOfView().replaceAll(/[^\w.-]+/g, "-")].filter(Boolean).join("-")}.png`;
}
