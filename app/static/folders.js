// A folder that is dropped keeps its folders: a browser says them of one that is picked, and Streamlit sends what it
// says; of one that is dropped it leaves them out.
if (globalThis.FileSystemFileEntry && !document.documentElement.dataset.folders) {
  document.documentElement.dataset.folders = "true";
  const { file } = FileSystemFileEntry.prototype;
  FileSystemFileEntry.prototype.file = function (done, failed) {
    const path = this.fullPath.slice(1);
    const tell = (/** @type {File} */ found) => {
      if (path !== found.name) Object.defineProperty(found, "webkitRelativePath", { value: path });
      done(found);
    };
    file.call(this, tell, failed);
  };
}
