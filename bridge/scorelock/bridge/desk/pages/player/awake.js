/** Keeps the screen awake while the page is looked at. */

/** @param {(words: string) => void} say told once where it cannot be done */
export function stayAwake(say) {
  if (!("wakeLock" in navigator)) {
    say("This browser lets the screen sleep. Set the display to stay on in the device's settings.");
    return;
  }
  let told = false;
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      await navigator.wakeLock.request("screen");
    } catch {
      if (!told) say("The device lets the screen sleep, perhaps to save power.");
      told = true;
    }
  };
  // The lock is lost with the page's sight, so it is asked for anew each time.
  document.addEventListener("visibilitychange", ask);
  void ask();
}
