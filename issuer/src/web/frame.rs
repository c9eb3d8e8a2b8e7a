//! The layout's values: navigation by role, who is signed in, language link, notices.

use fugong_common::lang::Lang;

use super::page::{Page, encode};
use super::words::WebWords;
use crate::app::App;
use crate::authz::Action;

/// What a notice or chip says by its colour, and by the mark before its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Warn,
    Stop,
    Unknown,
}

impl Tone {
    /// Class of chips and banners.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Stop => "stop",
            Self::Unknown => "unk",
        }
    }

    /// The mark before the words, so that colour is never the only sign.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Warn => "▲",
            Self::Stop => "■",
            Self::Unknown => "●",
        }
    }
}

/// One line above the page's content.
#[derive(Clone, Debug)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

/// The entries of the navigation (glossary "navigation").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    ToDo,
    Applications,
    Enterprises,
    Permits,
    People,
    Gates,
    Inspections,
    Settings,
    /// No entry lit.
    None,
}

impl Nav {
    const ALL: [(Self, &'static str, Action); 8] = [
        (Self::ToDo, "/", Action::UseConsole),
        (Self::Applications, "/applications", Action::ReadApplications),
        (Self::Enterprises, "/enterprises", Action::ReadEnterprises),
        (Self::Permits, "/permits", Action::ReadPermits),
        (Self::People, "/people", Action::ReadPeople),
        (Self::Gates, "/gates", Action::ReadGates),
        (Self::Inspections, "/inspections", Action::ScanPlacards),
        (Self::Settings, "/settings", Action::UseConsole),
    ];

    const fn label(self, w: &'static WebWords, of_enterprise: bool) -> &'static str {
        match self {
            Self::ToDo => w.nav_to_do,
            Self::Applications if of_enterprise => w.nav_my_filing,
            Self::Applications => w.nav_applications,
            Self::Enterprises if of_enterprise => w.nav_my_file,
            Self::Enterprises => w.nav_enterprises,
            Self::Permits if of_enterprise => w.nav_placard,
            Self::Permits => w.nav_permits,
            Self::People if of_enterprise => w.nav_roster,
            Self::People => w.nav_people,
            Self::Gates => w.nav_gates,
            Self::Inspections => w.nav_inspections,
            Self::Settings => w.nav_settings,
            Self::None => "",
        }
    }
}

/// A link of the navigation.
#[derive(Clone, Debug)]
pub struct NavLink {
    pub href: &'static str,
    pub label: &'static str,
    pub current: bool,
}

/// A post that the signed-in person may switch to.
#[derive(Clone, Debug)]
pub struct PostOption {
    pub id: String,
    pub label: String,
    pub current: bool,
}

/// Who is signed in, for the foot of the navigation.
#[derive(Clone, Debug)]
pub struct Who {
    pub name: String,
    pub post: String,
    pub division: String,
    pub posts: Vec<PostOption>,
}

/// Everything the layout needs.
#[derive(Clone, Debug)]
pub struct Frame {
    pub lang: Lang,
    pub w: &'static WebWords,
    pub base_css: String,
    pub console_css: String,
    pub console_js: String,
    pub icons: String,
    pub nav: Vec<NavLink>,
    pub who: Option<Who>,
    /// Where the language link leads.
    pub other_language: String,
    pub other_language_name: &'static str,
    pub other_language_tag: &'static str,
    pub notice: Option<Notice>,
    /// Typed into a form that the page no longer has.
    pub kept: String,
    pub demo: bool,
}

impl Frame {
    /// A page without navigation.
    pub fn public(app: &App, lang: Lang, here: &str) -> Self {
        let other = lang.other();
        let assets = app.assets();
        Self {
            lang,
            w: WebWords::of(lang),
            base_css: assets.url("base.css"),
            console_css: assets.url("console.css"),
            console_js: assets.url("console.js"),
            icons: assets.url("icons.svg"),
            nav: Vec::new(),
            who: None,
            other_language: format!("/lang/{}?to={}", other.code(), encode(here)),
            other_language_name: other.of("中文", "English"),
            other_language_tag: other.tag(),
            notice: None,
            kept: String::new(),
            demo: app.config().demo,
        }
    }

    pub(super) fn signed_in(page: &Page, lit: Nav) -> Self {
        let mut frame = Self::public(&page.app, page.lang, &page.here);
        let actor = &page.actor;
        let of_enterprise = actor.post.role.is_of_enterprise();
        frame.nav = Nav::ALL
            .into_iter()
            .filter(|(_, _, action)| actor.may(*action))
            .map(|(nav, href, _)| NavLink {
                href,
                label: nav.label(frame.w, of_enterprise),
                current: nav == lit,
            })
            .collect();
        let option = |post: &crate::accounts::Post| PostOption {
            id: post.id.clone(),
            label: format!("{} · {}", post.title, post.division_name),
            current: post.id == actor.post.id,
        };
        frame.who = Some(Who {
            name: actor.name.clone(),
            post: actor.post.title.clone(),
            division: actor.post.division_name.clone(),
            posts: actor.posts.iter().map(option).collect(),
        });
        frame
    }

    #[must_use]
    pub fn notice(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { tone, text: text.into() });
        self
    }

    /// Says what the act before the redirect has done, if there was one.
    #[must_use]
    pub fn done(self, said: Option<impl Into<String>>) -> Self {
        match said {
            Some(text) => self.notice(Tone::Ok, text),
            None => self,
        }
    }
}
