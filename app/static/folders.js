// A folder that is dropped keeps its folders. A browser says them of files of a folder that is picked, and Streamlit
// sends what it says; of one that is dropped only the module that reads it knows them, as "/folder/file" in `path`.
if (!document.documentElement.dataset.folders) {
  document.documentElement.dataset.folders = "true";
  const said = Object.getOwnPropertyDescriptor(File.prototype, "webkitRelativePath")?.get;
  Object.defineProperty(File.prototype, "webkitRelativePath", {
    configurable: true,
    /** @this {File & { path?: unknown }} */
    get() {
      const path = String(this.path ?? "");
      return said?.call(this) || (/^\/[^/]+\//.test(path) ? path.slice(1) : "");
    },
  });
}
