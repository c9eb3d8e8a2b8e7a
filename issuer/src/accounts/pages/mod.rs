//! Sign-in, set-up and password links, post switch, sign-out.

mod set_up;
mod sign_in;

use super::{manage, own};
use crate::authz::Action;
use crate::web::Routes;

pub use set_up::invite;
pub(super) use sign_in::open_session;
pub use sign_in::sign_in_again;

pub fn routes(routes: Routes) -> Routes {
    let routes = own::routes(manage::pages::routes(routes));
    routes
        .get("/sign-in", Action::Enter, sign_in::page)
        .post("/sign-in", Action::Enter, sign_in::sign_in)
        .get("/set-up/{secret}", Action::Enter, set_up::page)
        .post("/set-up/{secret}", Action::Enter, set_up::set_up)
        .post("/sign-out", Action::UseConsole, sign_in::sign_out)
        .post("/post", Action::UseConsole, sign_in::switch_post)
}
