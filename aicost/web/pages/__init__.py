"""The pages, one module each. `PAGES` is what charts and filter menus look a page up in."""
