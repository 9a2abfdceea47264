"""The room for components that run in the page: a latent map, latent sliders, a canvas to draw on.

Each component is a module here, with its JavaScript and CSS, without a build step, beside it; or in
``vaecore/export/page``, where the page that is taken away is made of them too. What is too large for a
component's data (weights, thumbnail atlases, maps) goes through ``blobs``.
"""
