"""The room for components that run in the page: a latent map, latent sliders, a canvas to draw on.

Each component is a module here with its JavaScript and CSS beside it, without a build step. What
is too large for a component's data (weights, thumbnail atlases, maps) goes through ``blobs``.
"""
