/** Which seconds of the film are seen, and how wide a second is: no drawing, no document. */

const LEAST_SPAN_S = 0.2; // seen at once at the closest

export class View {
  constructor() {
    /** CSS pixels */
    this.width = 0;
    /** seconds */
    this.duration = 0;
    /** pixels a second */
    this.scale = 1;
    /** pixels of the film left of the view */
    this.left = 0;
    this.fitted = true;
  }

  /** @returns {number} the scale at which all is seen */
  get least() {
    return this.duration > 0 && this.width > 0 ? this.width / this.duration : 1;
  }

  /** @returns {number} the closest scale */
  get most() {
    return Math.max(this.least, this.width / LEAST_SPAN_S);
  }

  /** @returns {number} first second seen */
  get start() {
    return this.left / this.scale;
  }

  /** @returns {number} last second seen */
  get end() {
    return (this.left + this.width) / this.scale;
  }

  /** @param {number} seconds @returns {number} pixels from the view's left */
  x(seconds) {
    return seconds * this.scale - this.left;
  }

  /** @param {number} x pixels from the view's left @returns {number} film seconds, inside the film */
  seconds(x) {
    return Math.min(Math.max((x + this.left) / this.scale, 0), this.duration);
  }

  /** @param {number} width @param {number} duration */
  resize(width, duration) {
    const middle = this.fitted ? 0 : (this.start + this.end) / 2;
    this.width = width;
    this.duration = duration;
    this.scale = this.fitted ? this.least : Math.min(Math.max(this.scale, this.least), this.most);
    this.scrollPixels(middle * this.scale - width / 2);
  }

  /**
   * @param {number} scale pixels a second
   * @param {number} x stays where it is
   */
  zoomTo(scale, x) {
    const seconds = (x + this.left) / this.scale;
    this.scale = Math.min(Math.max(scale, this.least), this.most);
    this.fitted = this.scale <= this.least * 1.0001;
    this.scrollPixels(seconds * this.scale - x);
  }

  /** @param {number} left pixels */
  scrollPixels(left) {
    const most = Math.max(0, this.duration * this.scale - this.width);
    this.left = Math.min(Math.max(left, 0), most);
  }

  /**
   * Have a span in view, moving no further than it takes.
   * @param {number} start_s
   * @param {number} end_s
   */
  reveal(start_s, end_s) {
    const margin = Math.min(40, this.width / 10);
    const [from, to] = [start_s * this.scale - margin, end_s * this.scale + margin];
    if (from < this.left || to - from > this.width) this.scrollPixels(from);
    else if (to > this.left + this.width) this.scrollPixels(to - this.width);
  }
}
