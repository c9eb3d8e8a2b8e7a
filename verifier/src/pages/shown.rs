//! What a page shows, already said in the reader's language. Templates print these and the API
//! sends the same values, so that a page drawn with a script and one drawn without can't differ.

use fugong_common::lang::Lang;
use fugong_common::service::assets::Assets;
use fugong_common::verdict::{Icon, Sound, Tone, Verdict};
use fugong_common::words::{capital, fill};
use serde::Serialize;
use utoipa::ToSchema;

use super::keypad::{Limits, Pad};
use super::words::{AccessWords, DeviceWords, FrameWords, PeopleWords, ScanWords};

/// Which entry of the navigation is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    Check,
    People,
    Inside,
    Records,
    Shift,
    Device,
    /// A page from before sign-on, without navigation.
    Outside,
}

/// What stands around a page.
#[derive(Clone, Debug)]
pub struct Frame {
    pub lang: Lang,
    pub here: Here,
    /// Where the language link leads back to.
    pub path: String,
    pub assets: Assets,
    pub status: Status,
    pub notice: Option<Notice>,
}

impl Frame {
    pub fn words(&self) -> &'static FrameWords {
        FrameWords::of(self.lang)
    }

    pub fn scan_words(&self) -> &'static ScanWords {
        ScanWords::of(self.lang)
    }

    pub fn people_words(&self) -> &'static PeopleWords {
        PeopleWords::of(self.lang)
    }

    pub fn access_words(&self) -> &'static AccessWords {
        AccessWords::of(self.lang)
    }

    pub fn device_words(&self) -> &'static DeviceWords {
        DeviceWords::of(self.lang)
    }

    pub fn asset(&self, name: &str) -> String {
        self.assets.url(name)
    }

    /// The language that the page is not in, by its own name.
    pub fn other_name(&self) -> &'static str {
        self.lang.other().of("中文", "English")
    }

    /// Navigation entries as (address, word, current).
    pub fn entries(&self) -> [(&'static str, &'static str, bool); 6] {
        let words = self.words();
        [
            ("/", words.nav_check, self.here == Here::Check),
            ("/people", words.nav_people, self.here == Here::People),
            ("/inside", words.nav_inside, self.here == Here::Inside),
            ("/records", words.nav_records, self.here == Here::Records),
            ("/shift", words.nav_shift, self.here == Here::Shift),
            ("/device", words.nav_device, self.here == Here::Device),
        ]
    }

    /// The lane shows its notice within the station, so that a script can swap it in.
    pub fn on_lane(&self) -> bool {
        self.here == Here::Check && self.path == "/"
    }

    pub fn signed_on(&self) -> bool {
        self.here != Here::Outside
    }
}

/// A short message above the page, after a form.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// Class of the banner: `ok`, `warn` or `stop`.
    pub tone: &'static str,
    pub text: String,
}

/// What the page knows and how old it is.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each with its own chip")]
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = Bar)]
pub struct Status {
    pub gate: String,
    pub operator: Option<String>,
    pub online: bool,
    /// `在线` or `离线 2 小时`.
    pub connection: String,
    pub to_send: u64,
    pub to_send_text: String,
    /// How old the status list is, in words.
    pub list_age: String,
    /// Class of the chip for it: empty while fresh, else `warn` or `stop`.
    pub list_tone: &'static str,
    pub inside_text: Option<String>,
    /// At or above the cap.
    pub full: bool,
    pub clock_uncertain: bool,
    /// Checks that could not be recorded, in words; `None` while there are none.
    pub not_recorded: Option<String>,
    /// The sample town's data or a drill, never real.
    pub sample: bool,
}

/// What the page is doing with the person in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody yet.
    Ready,
    /// Waiting for a reading.
    Measure,
    /// Let in or out, and recorded.
    Done,
    /// Not let in, or a decision is still to be taken.
    Stopped,
}

/// The largest thing on the page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Panel {
    pub stage: Stage,
    /// Class: `go`, `step`, `only-if`, `stop`, `unknown`, or `ready`.
    pub tone: &'static str,
    /// Name of the icon; none while nobody is there.
    pub icon: Option<&'static str>,
    pub verdict: Option<Verdict>,
    pub word: String,
    /// Who, what, where, one thought a line.
    pub why: Vec<String>,
    /// What to do now.
    pub instruction: String,
    /// `已记录 08:12:58`; absent until the record is on disk.
    pub recorded: Option<String>,
    /// A verdict that could not be written down.
    pub not_recorded: bool,
    pub sound: Option<&'static str>,
    pub session: Option<String>,
    /// Present while a reading is wanted.
    pub limits: Option<Limits>,
    pub actions: Vec<Action>,
    /// Where the reading goes, and where the buttons go.
    pub measure_to: Option<String>,
    pub act_to: Option<String>,
    pub leaving: bool,
    /// An entry that is on record already is being put right.
    pub correcting: bool,
    /// A reading that was not taken, as it was typed into the plain field. With the script the keypad
    /// takes none that is implausible, and begins anew.
    #[serde(skip)]
    pub typed: String,
}

/// A button under the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Action {
    /// Value of the button.
    pub name: &'static str,
    pub label: String,
    /// `primary`, `danger` or empty.
    pub class: &'static str,
    /// It can be pressed for so many seconds only.
    pub seconds: Option<i64>,
}

impl Action {
    pub fn new(name: &'static str, label: &str, class: &'static str) -> Self {
        Self { name, label: label.to_owned(), class, seconds: None }
    }

    #[must_use]
    pub fn seconds(self, seconds: i64) -> Self {
        Self { seconds: Some(seconds), ..self }
    }
}

impl Panel {
    /// Nobody in front of the gate.
    pub fn ready(lang: Lang) -> Self {
        let words = ScanWords::of(lang);
        Self {
            stage: Stage::Ready,
            tone: "ready",
            icon: None,
            verdict: None,
            word: words.ready.to_owned(),
            why: vec![words.ready_why.to_owned()],
            instruction: words.ready_do.to_owned(),
            recorded: None,
            not_recorded: false,
            sound: None,
            session: None,
            limits: None,
            actions: Vec::new(),
            measure_to: None,
            act_to: None,
            leaving: false,
            correcting: false,
            typed: String::new(),
        }
    }

    /// A blue step of the gate's own, whatever the verdict so far.
    pub fn step(lang: Lang, verdict: Verdict) -> Self {
        Self {
            stage: Stage::Stopped,
            tone: Tone::Step.class(),
            // The step's icon is a thermometer, and this isn't about one.
            icon: None,
            verdict: Some(verdict),
            sound: Some(Sound::Step.name()),
            why: Vec::new(),
            ..Self::ready(lang)
        }
    }

    /// Word, icon, colour and sound of a verdict. Green needs the record: a verdict that admits
    /// but isn't recorded is drawn grey, under "not recorded".
    pub fn of(lang: Lang, verdict: Verdict, recorded: Option<String>) -> Self {
        let admitted_unrecorded = verdict.admits() && recorded.is_none();
        let tone = if admitted_unrecorded { Tone::Unknown } else { verdict.tone() };
        let icon = if admitted_unrecorded { Icon::DashedSquareQuestion } else { verdict.icon() };
        let sound = if admitted_unrecorded { Sound::Unsure } else { verdict.sound() };
        let word = if admitted_unrecorded {
            FrameWords::of(lang).not_recorded
        } else {
            verdict.word(lang)
        };
        Self {
            stage: match verdict {
                Verdict::Measure => Stage::Measure,
                _ if verdict.admits() && !admitted_unrecorded => Stage::Done,
                _ => Stage::Stopped,
            },
            tone: tone.class(),
            icon: Some(icon.name()),
            verdict: Some(verdict),
            word: capital(word),
            why: Vec::new(),
            instruction: String::new(),
            not_recorded: admitted_unrecorded,
            recorded,
            sound: Some(sound.name()),
            session: None,
            limits: None,
            actions: Vec::new(),
            measure_to: None,
            act_to: None,
            leaving: false,
            correcting: false,
            typed: String::new(),
        }
    }

    /// The drawing, hidden from screen readers because the word stands beside it.
    pub fn svg(&self) -> String {
        let icon = Icon::ALL.into_iter().find(|icon| Some(icon.name()) == self.icon);
        icon.map(Icon::svg).unwrap_or_default()
    }

    pub fn measures(&self) -> bool {
        self.limits.is_some()
    }

    pub fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// The display before anything is typed.
    pub fn blank_reading(&self) -> String {
        self.limits.map(|_| Pad::default().show()).unwrap_or_default()
    }

    /// What the large button does.
    pub fn record_label(&self, words: &ScanWords) -> &'static str {
        match (self.correcting, self.leaving) {
            (true, _) => words.correct_do,
            (false, true) => words.record_out,
            (false, false) => words.record_admit,
        }
    }

    /// Drawn large: let in, or out.
    pub fn whole(&self) -> bool {
        self.stage == Stage::Done
    }

    /// The next person may come.
    pub fn finished(&self) -> bool {
        let asks = self.actions.iter().any(|action| action.class == "primary");
        matches!(self.stage, Stage::Done | Stage::Stopped) && !asks
    }

    pub fn stage_name(&self) -> &'static str {
        match self.stage {
            Stage::Ready => "ready",
            Stage::Measure => "measure",
            Stage::Done => "done",
            Stage::Stopped => "stopped",
        }
    }

    /// What the loudspeaker plays, as `880:90,1320:140` (hertz and milliseconds).
    pub fn notes(&self) -> String {
        const SOUNDS: [Sound; 5] =
            [Sound::Admit, Sound::Step, Sound::Ask, Sound::Refuse, Sound::Unsure];
        let sound = SOUNDS.into_iter().find(|sound| Some(sound.name()) == self.sound);
        let notes = sound.map(Sound::notes).unwrap_or_default();
        let notes = notes.iter().map(|(hertz, millis)| format!("{hertz}:{millis}"));
        notes.collect::<Vec<_>>().join(",")
    }

    pub fn normal_below(&self, words: &ScanWords) -> String {
        let fever = self.limits.map_or(0, |limits| limits.fever);
        fill(words.normal_below, &[("limit", &super::panel::tenths_text(fever))])
    }
}

/// One line of the last checks.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// `08:12:41`.
    pub time: String,
    pub tone: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub who: String,
    /// `36.4 ℃`.
    pub reading: Option<String>,
    /// `进` or `出`.
    pub way: &'static str,
    /// Number of the entry and seconds left, while it may still be corrected.
    pub correct: Option<(u64, i64)>,
}

impl Line {
    pub fn svg(&self) -> String {
        let icon = Icon::ALL.into_iter().find(|icon| icon.name() == self.icon);
        icon.map(Icon::svg).unwrap_or_default()
    }
}

/// Somebody waiting to be measured again while the lane goes on.
#[derive(Clone, Debug, Serialize)]
pub struct Parked {
    pub session: String,
    pub who: String,
    pub word: String,
    pub ago: String,
}
