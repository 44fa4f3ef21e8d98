/* What pages and the desk say to one another; made by `npm run types`, not by hand. */

export type Anything = Ask | Ping | Tell | Score;
export type Ask =
  | Ping
  | Film
  | Play
  | Halt
  | Locate
  | Loop
  | Speed
  | Lead
  | Latency
  | Panic
  | SetPart
  | SetOut
  | LookForOuts
  | SetChord
  | Lock
  | Vary
  | Regenerate
  | Draw
  | AddHit
  | MoveHit
  | RemoveHit
  | SetTime
  | SetPlaying
  | NewTake
  | ChooseTake
  | KeepTake
  | Undo
  | Redo
  | Compose
  | Cancel
  | MakeProxy
  | SwapTest
  | SetMarker
  | MarkTake
  | RemoveTake
  | OpenRoom;
export type Tell =
  | Welcome
  | Pong
  | Now
  | Hosts
  | CueIs
  | Parts
  | Outs
  | Work
  | Played
  | Influence
  | Room
  | Count
  | FilmIs
  | Trouble;
/**
 * A chord: its name as the key spells it, its root 0..11 from C (-1 for none), its quality,
 * who chose it, whether it is locked, and the pitches of a close voicing from middle C on.
 *
 * @minItems 8
 * @maxItems 8
 */
export type ScoreChord = [number, number, string, number, string, string, boolean, number[]];
/**
 * A hit point.
 *
 * @minItems 3
 * @maxItems 3
 */
export type ScoreHit = [number, string, number];
/**
 * A note of the score as the parts are played now; part is an index into `Score.parts`.
 *
 * @minItems 5
 * @maxItems 5
 */
export type ScoreNote = [number, number, number, number, number];

/**
 * Answered by `Pong` at once; from the time of the round trip a page knows our clock.
 */
export interface Ping {
  kind: "ping";
  number: number;
}
/**
 * The browser's film player, which is a time line as any other: where it was at at_s.
 *
 * `loop_s` is where it goes round, from and to.
 */
export interface Film {
  kind: "film";
  at_s: number;
  position_s: number;
  rolling: boolean;
  rate?: number;
  loop_s?: [number, number] | null;
}
/**
 * The house transport rolls, after so many bars of counting in.
 */
export interface Play {
  kind: "play";
  count_in_bars?: number;
}
/**
 * The house transport stops.
 */
export interface Halt {
  kind: "halt";
}
/**
 * The house transport goes there, rolling or not.
 */
export interface Locate {
  kind: "locate";
  position_s: number;
}
/**
 * The house transport goes round from and to; None ends it.
 */
export interface Loop {
  kind: "loop";
  span_s: [number, number] | null;
}
/**
 * The house transport rolls at this rate; 1 is the film's own.
 */
export interface Speed {
  kind: "speed";
  rate: number;
}
/**
 * Who leads from now on, as `Hosts` names it.
 */
export interface Lead {
  kind: "lead";
  host: string;
}
/**
 * How much later than its reports the leader is heard.
 */
export interface Latency {
  kind: "latency";
  ms: number;
}
/**
 * Silence on every channel of every output, now.
 */
export interface Panic {
  kind: "panic";
}
/**
 * How a part is played: all of it; `program` None leaves the instrument as it is.
 */
export interface SetPart {
  kind: "set_part";
  part: "bass" | "chords" | "drone" | "pattern";
  mute: boolean;
  solo: boolean;
  channel: number;
  program: number | null;
  octave: number;
}
/**
 * Where notes go: a name of `Outs`, or None for the browser's own voice.
 */
export interface SetOut {
  kind: "set_out";
  port: string | null;
}
/**
 * See anew which outputs there are.
 */
export interface LookForOuts {
  kind: "look_for_outs";
}
/**
 * The chord there is this one ("Am7"), and stays.
 */
export interface SetChord {
  kind: "set_chord";
  start_s: number;
  end_s: number;
  chord: string;
}
/**
 * What stands there stays, or does not any more.
 */
export interface Lock {
  kind: "lock";
  start_s: number;
  end_s: number;
  on?: boolean;
}
/**
 * Other chords there; without a seed, others each time.
 */
export interface Vary {
  kind: "vary";
  start_s: number;
  end_s: number;
  seed?: number | null;
}
/**
 * Other chords from there to the end.
 */
export interface Regenerate {
  kind: "regenerate";
  start_s: number;
  seed?: number | null;
}
/**
 * A curve goes straight from point to point: (seconds, value).
 */
export interface Draw {
  kind: "draw";
  curve: "density" | "exciting" | "fearful" | "loudness" | "neutral" | "relaxing" | "sad" | "tense";
  points: [number, number][];
}
/**
 * The music meets this instant.
 */
export interface AddHit {
  kind: "add_hit";
  position_s: number;
  hit?: "break" | "cut" | "mark" | "stinger" | "swell";
}
/**
 * A hit goes from one place to another.
 */
export interface MoveHit {
  kind: "move_hit";
  position_s: number;
  to_s: number;
}
/**
 * No hit there any more.
 */
export interface RemoveHit {
  kind: "remove_hit";
  position_s: number;
}
/**
 * Another tempo ("find", or beats a minute), meter ("3/4") or chord rhythm; None keeps it.
 */
export interface SetTime {
  kind: "set_time";
  tempo?: string | null;
  meter?: string | null;
  rhythm?: string | null;
}
/**
 * Another way to play it: style, humanise 0 to 1, drone.
 */
export interface SetPlaying {
  kind: "set_playing";
  style: string;
  humanise: number;
  drone: boolean;
}
/**
 * Compose what is not locked in another way, as a take of that name, and go on with it.
 */
export interface NewTake {
  kind: "new_take";
  name: string;
  seed?: number | null;
}
/**
 * Go on with another take.
 */
export interface ChooseTake {
  kind: "choose_take";
  name: string;
}
/**
 * Have the chords of another take there.
 */
export interface KeepTake {
  kind: "keep_take";
  name: string;
  start_s: number;
  end_s: number;
}
/**
 * Take back the newest step.
 */
export interface Undo {
  kind: "undo";
}
/**
 * Do it again.
 */
export interface Redo {
  kind: "redo";
}
/**
 * Compose anew, in the place of what there is: key ("F# minor"), None for the film's mood.
 */
export interface Compose {
  kind: "compose";
  key?: string | null;
  seed?: number;
  affect?: number;
}
/**
 * End a work that goes on.
 */
export interface Cancel {
  kind: "cancel";
  work: string;
}
/**
 * Have ffmpeg make a film that every browser can show.
 */
export interface MakeProxy {
  kind: "make_proxy";
}
/**
 * Measure how much of the score is the picture's doing.
 */
export interface SwapTest {
  kind: "swap_test";
}
/**
 * A section begins there; an empty name takes the marker away.
 */
export interface SetMarker {
  kind: "set_marker";
  position_s: number;
  name: string;
}
/**
 * A rehearsed take, from where the transport rolled last until now, with a word on it.
 */
export interface MarkTake {
  kind: "mark_take";
  word?: string;
}
/**
 * Forget a rehearsed take.
 */
export interface RemoveTake {
  kind: "remove_take";
  number: number;
}
/**
 * Let players in from the network, or no more.
 */
export interface OpenRoom {
  kind: "open_room";
  on: boolean;
}
/**
 * The first message: which run of the desk this is (a page loads anew when it changes after a
 * reconnection), who the page is, and the film.
 */
export interface Welcome {
  kind: "welcome";
  run: string;
  role: "desk" | "player";
  film: string;
  duration_s: number;
  fps: number;
  film_url: string | null;
}
/**
 * The desk's clock when the ping of that number came.
 */
export interface Pong {
  kind: "pong";
  number: number;
  at_s: number;
}
/**
 * Where the film is: at at_s it was at position_s and moved at `rate`; None: nobody knows.
 *
 * Sent when it changes by itself, and once a second. `state` is stopped, locating, locked,
 * flywheel or lost. `loop_s` is the leader's loop, in film seconds.
 */
export interface Now {
  kind: "now";
  at_s: number;
  position_s: number | null;
  rate: number;
  state: string;
  leads: string;
  loop_s: [number, number] | null;
}
/**
 * Who could lead and who does, and how exact it is; sent once a second.
 *
 * error_ms: how exact the position is, about; late_ms: send error of the newest note.
 */
export interface Hosts {
  kind: "hosts";
  leads: string;
  hosts: Host[];
  latency_ms: number;
  error_ms: number;
  late_ms: number;
  locates: number;
  drop_outs: number;
  notes_sent: number;
  notes_late: number;
  listens: string | null;
}
/**
 * A time line: its name for `Lead`, in words, and what was counted of it.
 */
export interface Host {
  name: string;
  words: string;
  heard: number;
  ignored: number;
}
/**
 * The score has changed, or is another: `score.json` has version `version` of it.
 *
 * draft: it is made of what was seen so far; the score follows. None of it there yet: 0; then, if
 * it is no draft either, none is on its way.
 */
export interface CueIs {
  kind: "cue_is";
  version: number;
  draft: boolean;
  take: string;
  takes: string[];
  undo: boolean;
  redo: boolean;
  key: string;
  settings: {
    [k: string]: unknown;
  };
}
/**
 * How the parts are played.
 */
export interface Parts {
  kind: "parts";
  parts: Part[];
}
/**
 * As `SetPart`.
 */
export interface Part {
  part: "bass" | "chords" | "drone" | "pattern";
  mute: boolean;
  solo: boolean;
  channel: number;
  program: number | null;
  octave: number;
}
/**
 * Outputs by name, the one that is taken (None: the browser's own voice), and whether a
 * new one ("virtual") can be made here.
 */
export interface Outs {
  kind: "outs";
  port: string | null;
  ports: string[];
  virtual: boolean;
  why_none: string | null;
}
/**
 * Something takes its time; share is 0 to 1, None where it cannot be said.
 *
 * work: "watching", "composing", "exporting", "proxy", "swap test".
 */
export interface Work {
  kind: "work";
  work: string;
  words: string;
  share: number | null;
  done: boolean;
}
/**
 * Notes that were struck, with the film's time and what was sent: seconds, pitch, velocity,
 * part, and at_s when it went out.
 */
export interface Played {
  kind: "played";
  notes: [number, number, number, string, number][];
}
/**
 * The swap test: with another picture the share `changed` of the score has other chords.
 *
 * changed_again: with the same picture and another seed, to compare it with.
 */
export interface Influence {
  kind: "influence";
  changed: number;
  changed_again: number;
  words: string;
}
/**
 * The rehearsal. Players see it without the link.
 */
export interface Room {
  kind: "room";
  open: boolean;
  link: string | null;
  players: number;
  markers: Marker[];
  takes: RoomTake[];
  rate: number;
  loop_s: [number, number] | null;
}
/**
 * Where a section begins.
 */
export interface Marker {
  position_s: number;
  name: string;
}
/**
 * A rehearsed take: from, to, and a word.
 */
export interface RoomTake {
  number: number;
  start_s: number;
  end_s: number;
  word: string;
  when: string;
}
/**
 * Counting in: beats at these times of the desk's clock, then the transport rolls; without any
 * beat the count is called off.
 */
export interface Count {
  kind: "count";
  beats_s: number[];
  rolls_s: number;
}
/**
 * The film can be had there (a proxy has been made).
 */
export interface FilmIs {
  kind: "film_is";
  url: string;
}
/**
 * Something could not be done: one line for the user. `answers` is the kind it answers.
 */
export interface Trouble {
  kind: "trouble";
  words: string;
  answers: string | null;
}
/**
 * `score.json`: everything a page draws of a cue.
 *
 * A player's `score.json` has no notes and no curves.
 *
 * Attributes:
 * version: as `CueIs` has it.
 * draft: likewise.
 * film: name, duration_s, fps.
 * start: the film's first frame in the host's time, "01:00:00:00", with start_s.
 * key: such as "F# minor"; flats: whether it is spelt with flats.
 * bars: (seconds, number, beats, unit) of each bar line, from the one at or before 0 on.
 * beats_s: every beat, from the first bar line on.
 * tempos: (seconds, beats a minute).
 * chords, hits, notes: in time order.
 * cuts: (seconds, strength).
 * emotions: their names; emotion: one list a name, one value a second, as the user has drawn
 * them; seen: as they were seen where that differs, else None.
 * motion, density, loudness: one value a second.
 * parts: names.
 */
export interface Score {
  version: number;
  draft: boolean;
  film: string;
  duration_s: number;
  fps: number;
  start: string;
  start_s: number;
  key: string;
  flats: boolean;
  bars: [number, number, number, number][];
  beats_s: number[];
  tempos: [number, number][];
  chords: ScoreChord[];
  hits: ScoreHit[];
  cuts: [number, number][];
  emotions: string[];
  emotion: number[][];
  seen: number[][] | null;
  motion: number[];
  density: number[];
  loudness: number[];
  parts: string[];
  notes: ScoreNote[];
}
