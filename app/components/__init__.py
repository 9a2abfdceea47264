"""The Python faces of the components that run in the page: a latent map, latent sliders, a canvas to draw on, and more.

A component is a module here, which sends its data and hears what it says; what runs in the page lies in
``vaecore/browser``, and the page that is taken away is made of it too. What is too large for a component's data
(weights, thumbnail atlases, maps) goes through ``blobs``.
"""
