"""The desk and the rehearsal room: pages in a browser, and the server behind them."""
