/** Small pictures of the film's seconds: fetched a few at a time, the newest wish first. */

const KEPT = 300;
const AT_ONCE = 4;
const WISHES = 60;

export class Thumbs {
  /** @param {(second: number | null) => void} arrived null: any may be asked for again */
  constructor(arrived) {
    this.arrived = arrived;
    /** @type {((second: number) => string) | null} */
    this.urlOf = null;
    /** @type {Map<number, ImageBitmap | null>} null: there is none */
    this.kept = new Map();
    /** @type {number[]} */
    this.wished = [];
    /** @type {Set<number>} */
    this.coming = new Set();
    this.forgotten = false;
    this.shape = 16 / 9;
  }

  /** @param {(second: number) => string} urlOf */
  from(urlOf) {
    this.urlOf = urlOf;
    for (const [second, picture] of this.kept) if (!picture) this.kept.delete(second);
  }

  /** @param {number} tall pixels @returns {number} pixels */
  width(tall) {
    return Math.round(tall * this.shape);
  }

  /** @param {number} second @returns {ImageBitmap | null} null while it is not there */
  get(second) {
    const picture = this.kept.get(second);
    if (picture !== undefined) {
      this.kept.delete(second);
      this.kept.set(second, picture);
      return picture;
    }
    if (this.urlOf && !this.coming.has(second) && !this.wished.includes(second)) {
      this.wished.push(second);
      if (this.wished.length > WISHES) this.forgotten = this.wished.shift() !== undefined;
      this.fetchMore();
    }
    return null;
  }

  fetchMore() {
    while (this.coming.size < AT_ONCE && this.urlOf) {
      const second = this.wished.pop();
      if (second === undefined) return;
      this.coming.add(second);
      void this.bring(second, this.urlOf(second));
    }
  }

  /** @param {number} second @param {string} url */
  async bring(second, url) {
    /** @type {ImageBitmap | null} */
    let picture = null;
    try {
      const answer = await fetch(url);
      if (answer.ok) picture = await createImageBitmap(await answer.blob());
    } catch {
      // No picture there, or no network: the strip stays plain, and is asked for again by `from`.
    }
    this.coming.delete(second);
    this.keep(second, picture);
    if (picture) this.arrived(second);
    this.fetchMore();
    if (this.coming.size > 0 || !this.forgotten) return;
    this.forgotten = false;
    this.arrived(null);
  }

  /** @param {number} second @param {ImageBitmap | null} picture */
  keep(second, picture) {
    this.kept.set(second, picture);
    if (picture && this.shape !== picture.width / picture.height) {
      this.shape = picture.width / picture.height;
      this.forgotten = true;
    }
    const [oldest] = this.kept;
    if (this.kept.size <= KEPT || !oldest) return;
    oldest[1]?.close();
    this.kept.delete(oldest[0]);
  }

  close() {
    this.urlOf = null;
    for (const picture of this.kept.values()) picture?.close();
    this.kept.clear();
  }
}
