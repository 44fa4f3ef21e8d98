/** The conductor's panel: who may look on, the desk's own transport, sections, rehearsed takes. */

import { button, make, setWords } from "./dom.js";
import { Sections, Takes } from "./room_lists.js";
import { RoomTransport } from "./room_transport.js";

/** @typedef {import("../common/wire.js").Wire} Wire */
/** @typedef {import("../common/playhead.js").Playhead} Playhead */
/** @typedef {import("../messages").Room} Room */
/** @typedef {import("../messages").Score} Score */
/** @typedef {[number, number]} Span */

/**
 * @param {HTMLElement} root
 * @param {Wire} wire
 * @param {Playhead} playhead
 */
export function mount(root, wire, playhead) {
  const players = new Players(wire);
  const transport = new RoomTransport(wire, playhead);
  const sections = new Sections(wire, transport);
  const takes = new Takes(wire, transport);
  const setRoom = (/** @type {Room} */ room) => {
    for (const part of [players, transport, sections, takes]) part.setRoom(room);
  };
  root.append(
    make(
      "div",
      { class: "rehearsal" },
      make("div", { class: "rehearsal-column" }, transport.element, takes.element),
      make("div", { class: "rehearsal-column" }, players.element, sections.element),
    ),
  );
  wire.on("room", setRoom);
  return {
    setRoom,
    /** @param {Score} score */
    setScore(score) {
      for (const part of [transport, sections, takes]) part.setScore(score);
    },
    /** @param {Span | null} span what the timeline has selected */
    setSelection(span) {
      transport.setSelection(span);
    },
  };
}

/** The way in for players on the network. */
class Players {
  /** @param {Wire} wire */
  constructor(wire) {
    this.wire = wire;
    this.open = false;
    this.link = "";
    this.opener = button("", () => this.wire.say({ kind: "open_room", on: !this.open }));
    this.count = make("span", { class: "room-players", role: "status" });
    this.address = make("input", {
      type: "text",
      readonly: true,
      "aria-label": "Link for players",
    });
    this.address.addEventListener("focus", () => this.address.select());
    this.copier = button("Copy", () => void this.copy());
    this.picture = make("img", { alt: "QR code of the link for players", width: 132, height: 132 });
    this.larger = make(
      "button",
      { type: "button", class: "room-qr", "aria-label": "Show the QR code large" },
      this.picture,
    );
    this.words = make("p", { class: "hint" });
    this.way = make(
      "div",
      { class: "room-way" },
      this.larger,
      make("div", { class: "room-link" }, this.address, this.copier),
    );
    this.dialog = make("dialog", { "aria-label": "The way in for players" });
    this.larger.addEventListener("click", () => this.showLarge());
    this.element = make(
      "fieldset",
      {},
      make("legend", {}, "Players"),
      make("div", { class: "line" }, this.opener, this.count),
      this.way,
      this.words,
      this.dialog,
    );
  }

  /** @param {Room} room */
  setRoom({ open, link, players }) {
    this.open = open;
    this.opener.textContent = open ? "Shut players out" : "Let players in from the network";
    this.opener.classList.toggle("main", !open);
    setWords(this.count, open ? `${players} ${players === 1 ? "player" : "players"} here` : "");
    this.way.hidden = !link;
    setWords(
      this.words,
      open
        ? "Players open the link on a phone or tablet in this network. They see the score and change nothing."
        : "Only this computer sees the desk.",
    );
    if (!link) this.dialog.close();
    if (!link || link === this.link) return;
    this.link = link;
    this.address.value = link;
    this.copier.textContent = "Copy";
    // The picture is the server's; another link makes it another picture.
    this.picture.src = `/qr.svg?${encodeURIComponent(link)}`;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.link);
      this.copier.textContent = "Copied";
    } catch {
      this.address.focus(); // it is selected: the user's own copying works
    }
  }

  showLarge() {
    const image = make("img", {
      class: "room-qr-large",
      alt: this.picture.alt,
      src: this.picture.src,
    });
    const done = make("form", { method: "dialog", class: "row end" }, make("button", {}, "Close"));
    this.dialog.replaceChildren(image, make("p", { class: "room-address" }, this.link), done);
    this.dialog.showModal();
  }
}
