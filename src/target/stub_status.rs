//! nginx's page of connections.
//!
//! Source: nginx `ngx_http_stub_status_module.c`: the words, their order and the spaces at the ends of lines.

use super::counters::Connections;

pub(super) fn page(now: &Connections) -> String {
    let Connections { active, accepts, handled, requests, reading, writing, waiting } = now;
    format!(
        "Active connections: {active} \nserver accepts handled requests\n {accepts} {handled} {requests} \n\
         Reading: {reading} Writing: {writing} Waiting: {waiting} \n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_nginx_s_to_the_byte() {
        let now = Connections {
            active: 291,
            accepts: 16_630_948,
            handled: 16_630_947,
            requests: 31_070_465,
            reading: 6,
            writing: 179,
            waiting: 106,
        };
        let expected = "Active connections: 291 \nserver accepts handled requests\n 16630948 16630947 31070465 \n\
                        Reading: 6 Writing: 179 Waiting: 106 \n";
        assert_eq!(page(&now), expected);
    }
}
