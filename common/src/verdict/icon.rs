//! Outlines that differ from one another without their colour.

/// An icon in a 52 × 52 box, drawn with strokes of the current colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Icon {
    /// Go.
    CircleCheck,
    /// A step to take: a thermometer.
    Step,
    /// Only if.
    TriangleBang,
    /// Stop.
    OctagonCross,
    /// Cannot tell.
    DashedSquareQuestion,
}

impl Icon {
    /// Every icon once.
    pub const ALL: [Self; 5] = [
        Self::CircleCheck,
        Self::Step,
        Self::TriangleBang,
        Self::OctagonCross,
        Self::DashedSquareQuestion,
    ];

    /// `viewBox` of all paths.
    pub const VIEW_BOX: &'static str = "0 0 52 52";

    /// Name for class attributes and symbol ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CircleCheck => "circle-check",
            Self::Step => "step",
            Self::TriangleBang => "triangle-bang",
            Self::OctagonCross => "octagon-cross",
            Self::DashedSquareQuestion => "dashed-square-question",
        }
    }

    /// Path data of the outer shape (`d`), to be stroked 4 wide.
    pub const fn outline_path(self) -> &'static str {
        match self {
            Self::CircleCheck => "M26 4a22 22 0 1 1 0 44a22 22 0 1 1 0-44z",
            Self::Step => "M20 29V11a6 6 0 0 1 12 0v18a11 11 0 1 1-12 0z",
            Self::TriangleBang => "M26 5l23 41H3z",
            Self::OctagonCross => "M17 4h18l13 13v18l-13 13H17L4 35V17z",
            Self::DashedSquareQuestion => "M5 5h42v42H5z",
        }
    }

    /// Path data of the sign inside (`d`), to be stroked 5 wide with round ends.
    pub const fn mark_path(self) -> &'static str {
        match self {
            Self::CircleCheck => "M15 27l8 8l15-17",
            Self::Step => "M26 20v18",
            Self::TriangleBang => "M26 20v12M26 39v.01",
            Self::OctagonCross => "M18 18l16 16M34 18l-16 16",
            Self::DashedSquareQuestion => "M19 20a7 7 0 1 1 10 6.5c-2 1-3 2.5-3 5M26 39v.01",
        }
    }

    /// `stroke-dasharray` of the outline, where it has one.
    pub const fn dashes(self) -> Option<&'static str> {
        match self {
            Self::DashedSquareQuestion => Some("6 5"),
            _ => None,
        }
    }

    /// A whole inline `<svg>` with presentation attributes only (a content security policy forbids `style`), hidden from screen readers because the word stands beside it.
    pub fn svg(self) -> String {
        let dashes =
            self.dashes().map(|d| format!(" stroke-dasharray=\"{d}\"")).unwrap_or_default();
        format!(
            "<svg class=\"icon icon-{}\" viewBox=\"{}\" width=\"52\" height=\"52\" aria-hidden=\"true\" focusable=\"false\" fill=\"none\" stroke=\"currentColor\" stroke-linejoin=\"round\"><path d=\"{}\" stroke-width=\"4\"{dashes}/><path d=\"{}\" stroke-width=\"5\" stroke-linecap=\"round\"/></svg>",
            self.name(),
            Self::VIEW_BOX,
            self.outline_path(),
            self.mark_path(),
        )
    }
}
