//! The gate against a small issuer: every path from enrolment to cut-off.

#[cfg(test)]
mod command_line;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod set_back;
