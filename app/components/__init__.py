"""The room for components that run in the page: a latent map, latent sliders, a canvas to draw on.

Each component is a module here; its JavaScript, CSS and HTML, without a build step, are in
``vaecore/export/page``, for the page that is taken away is made of the same. What is too large for a
component's data (weights, thumbnail atlases, maps) goes through ``blobs``.
"""
