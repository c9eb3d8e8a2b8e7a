//! `/v/…`: no login and no link to one, no script, no redirect; the address is never passed on.

mod answer;
mod report;

use crate::authz::Action;
use crate::web::Routes;

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/v", Action::VerifyInPublic, answer::number_form)
        .post("/v", Action::VerifyInPublic, answer::by_number)
        .get("/v/", Action::VerifyInPublic, answer::number_form)
        .get("/v/{text}", Action::VerifyInPublic, answer::by_text)
        .get("/report", Action::VerifyInPublic, report::form)
        .post("/report", Action::VerifyInPublic, report::take)
        .get("/report/{serial}", Action::VerifyInPublic, report::form_about)
        .post("/report/{serial}", Action::VerifyInPublic, report::take_about);
    super::api::routes(routes)
}
