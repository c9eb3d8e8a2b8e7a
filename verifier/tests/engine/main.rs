//! The gate against a small issuer: every path from enrolment to cut-off.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod belonging;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod duty;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod knowing;
#[cfg(test)]
mod passing;
#[cfg(test)]
mod set_back;
