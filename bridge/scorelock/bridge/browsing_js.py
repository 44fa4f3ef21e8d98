"""What benches and tests have a page note down while it plays."""

from typing import Final

SPEAK: Final = """async (messages) => {
  const { Wire } = await import("/pages/common/wire.js");
  const wire = new Wire("/socket");
  wire.on("welcome", () => messages.forEach((message) => wire.say(message)));
  wire.open();
}"""
"""Have a desk page say messages of ours."""

WATCH_PLAYHEAD: Final = """async () => {
  const { Wire } = await import("/pages/common/wire.js");
  const { Playhead } = await import("/pages/common/playhead.js");
  const wire = new Wire("/socket");
  const playhead = new Playhead(wire);
  const noted = { frames: [], pictures: [], notes: [], clock: [] };
  window.noted = noted;
  wire.on("played", ({ notes }) => {
    for (const [film_s, , , , at_s] of notes) noted.notes.push([at_s, film_s]);
  });
  const frame = () => {
    const now = performance.now() / 1000;
    if (playhead.rolls) noted.frames.push([now, playhead.position()]);
    if (wire.clock.known) noted.clock.push([now, wire.clock.now()]);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const video = document.querySelector("video");
  const picture = (_, { expectedDisplayTime, mediaTime }) => {
    noted.pictures.push([expectedDisplayTime / 1000, mediaTime]);
    video.requestVideoFrameCallback(picture);
  };
  video?.requestVideoFrameCallback(picture);
  wire.open();
}"""
"""Note [page's seconds, film seconds] of each frame and picture, and [desk's seconds, film seconds]
of each note as it was sent."""

WATCH_BEATS: Final = """() => {
  window.noted = [];
  setInterval(() => {
    const { bar, beat, at } = document.querySelector("[data-at]")?.dataset ?? {};
    if (at === undefined) return;
    const fell = Number(at) - performance.timeOrigin;
    window.noted.push([performance.now() / 1000, `${bar}.${beat}`, fell / 1000]);
  }, 50);
}"""
"""Note [page's seconds, "bar.beat", page's seconds at which it fell] 20 times a second."""

WATCH_FRAMES: Final = """() => {
  const noted = { work: [], gaps: [] };
  window.noted = noted;
  const after = new MessageChannel();
  let began = 0;
  let before = 0;
  after.port1.onmessage = () => noted.work.push(performance.now() - began);
  const frame = (at) => {
    began = performance.now();
    if (before) noted.gaps.push(at - before);
    before = at;
    after.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
"""As the page's first script: note the milliseconds from the beginning of each frame's work to the
end of its layout and paint, and from frame to frame."""

OPENING: Final = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource").filter(({ name }) => /pages/.test(name));
  const sum = (key) => [navigation, ...files].reduce((all, entry) => all + entry[key], 0);
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return {
    paint_ms: paint?.startTime ?? Infinity,
    sent: sum("encodedBodySize"),
    unpacked: sum("decodedBodySize"),
    files: files.length + 1,
  };
}"""
"""When something was painted first, and what the page weighs in bytes, without score and film."""
