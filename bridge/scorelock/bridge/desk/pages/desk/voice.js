/**
 * The browser's own instrument: two oscillators a hair apart through a soft low-pass, a voice for
 * each note; the parts stand apart in the room, and a limiter keeps all of it below full scale.
 */

/**
 * Seconds; `sustain` is a share of the peak, `bright` the low-pass as a multiple of the pitch.
 *
 * @typedef {{ waves: [OscillatorType, OscillatorType], detune: number, octave: number,
 *   attack: number, decay: number, sustain: number, release: number, bright: number,
 *   gain: number, pan: number, room: number }} Timbre
 */

/** @type {Timbre} */
const PAD = {
  waves: ["sawtooth", "triangle"],
  detune: 5,
  octave: 1,
  attack: 0.05,
  decay: 0.8,
  sustain: 0.65,
  release: 0.16,
  bright: 4,
  gain: 0.11,
  pan: -0.15,
  room: 0.35,
};
/** @type {Record<string, Timbre>} */
const TIMBRES = {
  chords: PAD,
  bass: {
    ...PAD,
    waves: ["triangle", "sine"],
    detune: 2,
    attack: 0.012,
    decay: 0.5,
    sustain: 0.6,
    release: 0.07,
    bright: 6,
    gain: 0.3,
    pan: 0,
    room: 0.08,
  },
  pattern: {
    ...PAD,
    waves: ["triangle", "sine"],
    detune: 3,
    octave: 2,
    attack: 0.004,
    decay: 0.35,
    sustain: 0.12,
    release: 0.1,
    bright: 7,
    gain: 0.2,
    pan: 0.28,
    room: 0.3,
  },
  drone: {
    ...PAD,
    attack: 0.6,
    decay: 2,
    sustain: 0.9,
    release: 0.5,
    bright: 3,
    gain: 0.1,
    pan: 0,
  },
};
const REVERB_S = 1.9;
const MOST_VOICES = 64;
const QUICK_S = 0.012;

/** @param {number} pitch MIDI */
const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/**
 * @param {BaseAudioContext} context
 * @returns {AudioBuffer} a room: noise that dies away, 60 dB in REVERB_S
 */
function roomOf(context) {
  const length = Math.round(REVERB_S * context.sampleRate);
  const buffer = context.createBuffer(2, length, context.sampleRate);
  for (let channel = 0; channel < 2; channel++) {
    const samples = buffer.getChannelData(channel);
    let low = 0;
    for (let i = 0; i < length; i++) {
      const share = i / length;
      // Air takes the high notes first: the noise is smoothed more and more.
      low += (Math.random() * 2 - 1 - low) * (0.7 - 0.6 * share);
      samples[i] = low * 10 ** (-3 * share) * Math.min(1, i / 400);
    }
  }
  return buffer;
}

/** A note that sounds, or will. */
export class Voice {
  /**
   * @param {AudioContext} context
   * @param {Timbre} timbre
   * @param {AudioNode} into
   * @param {{ pitch: number, velocity: number, at: number, until: number }} note audio seconds
   */
  constructor(context, timbre, into, { pitch, velocity, at, until }) {
    this.timbre = timbre;
    this.at = at;
    this.until = until;
    const frequency = hertz(pitch);
    this.amp = new GainNode(context, { gain: 0 });
    const filter = new BiquadFilterNode(context, {
      type: "lowpass",
      Q: 0.4,
      frequency: Math.min(9000, frequency * timbre.bright * (0.5 + velocity / 127)),
    });
    this.waves = timbre.waves.map(
      (type, index) =>
        new OscillatorNode(context, {
          type,
          frequency: frequency * (index === 1 ? timbre.octave : 1),
          detune: index === 0 ? -timbre.detune : timbre.detune,
        }),
    );
    for (const wave of this.waves) wave.connect(filter);
    filter.connect(this.amp).connect(into);
    const peak = timbre.gain * (velocity / 127) ** 1.5;
    const { gain } = this.amp;
    gain.setValueAtTime(0, at);
    gain.linearRampToValueAtTime(peak, at + timbre.attack);
    gain.setTargetAtTime(peak * timbre.sustain, at + timbre.attack, timbre.decay);
    for (const wave of this.waves) wave.start(at);
    this.endAt(until);
  }

  /** @param {number} until released then, audio seconds */
  endAt(until, tail = this.timbre.release) {
    const { gain } = this.amp;
    const end = Math.max(until, this.at + this.timbre.attack);
    gain.cancelScheduledValues(this.until);
    gain.setTargetAtTime(0, end, tail);
    for (const wave of this.waves) wave.stop(end + 7 * tail);
    this.until = end;
  }

  /** @param {number} now audio seconds: at once, without a click */
  cut(now) {
    const { gain } = this.amp;
    if (typeof gain.cancelAndHoldAtTime === "function") gain.cancelAndHoldAtTime(now);
    else gain.cancelScheduledValues(now);
    gain.setTargetAtTime(0, now, QUICK_S);
    for (const wave of this.waves) wave.stop(Math.max(now, this.at) + 8 * QUICK_S);
    this.until = now;
  }
}

/** All parts, their room, the volume and the level. */
export class Instrument {
  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
    this.master = new GainNode(context);
    const limiter = new DynamicsCompressorNode(context, {
      threshold: -9,
      knee: 4,
      ratio: 20,
      attack: 0.002,
      release: 0.18,
    });
    this.meter = new AnalyserNode(context, { fftSize: 1024 });
    this.room = new ConvolverNode(context, { buffer: roomOf(context) });
    const wet = new GainNode(context, { gain: 0.5 });
    this.room.connect(wet).connect(this.master);
    this.master.connect(limiter).connect(this.meter).connect(context.destination);
    /** @type {Map<string, AudioNode>} */
    this.strips = new Map();
    /** @type {Map<string, Voice>} */
    this.voices = new Map();
    this.samples = new Float32Array(this.meter.fftSize);
  }

  /**
   * @param {string} key of the note
   * @param {string} part
   * @param {{ pitch: number, velocity: number, at: number, until: number }} note audio seconds
   */
  strike(key, part, note) {
    const now = this.context.currentTime;
    const before = this.voices.get(key);
    if (before) before.cut(now);
    else if (this.voices.size >= MOST_VOICES) this.steal(now);
    const at = Math.max(now, note.at);
    const until = Math.max(note.until, at + 0.02);
    const voice = new Voice(this.context, TIMBRES[part] ?? PAD, this.strip(part), {
      ...note,
      at,
      until,
    });
    this.voices.set(key, voice);
    voice.waves[0]?.addEventListener("ended", () => {
      voice.amp.disconnect();
      if (this.voices.get(key) === voice) this.voices.delete(key);
    });
  }

  /** @param {number} now the voice that began first makes room */
  steal(now) {
    const [oldest] = this.voices;
    if (!oldest) return;
    oldest[1].cut(now);
    this.voices.delete(oldest[0]);
  }

  /** @param {(key: string, voice: Voice) => boolean} [stays] the others end at once */
  silence(stays = () => false) {
    for (const [key, voice] of this.voices) {
      if (stays(key, voice)) continue;
      voice.cut(this.context.currentTime);
      this.voices.delete(key);
    }
  }

  /**
   * @param {string} part
   * @returns {AudioNode} where its voices go
   */
  strip(part) {
    const there = this.strips.get(part);
    if (there) return there;
    const timbre = TIMBRES[part] ?? PAD;
    const pan = new StereoPannerNode(this.context, { pan: timbre.pan });
    const send = new GainNode(this.context, { gain: timbre.room });
    pan.connect(this.master);
    pan.connect(send).connect(this.room);
    this.strips.set(part, pan);
    return pan;
  }

  /** @param {number} share 0 to 1; the ear hears powers */
  setVolume(share) {
    this.master.gain.setTargetAtTime(share ** 2, this.context.currentTime, 0.015);
  }

  /** @returns {number} dB below full scale, -100 for silence */
  get level() {
    this.meter.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, sample) => sum + sample * sample, 0);
    return Math.max(-100, 10 * Math.log10(power / this.samples.length + 1e-10));
  }
}
