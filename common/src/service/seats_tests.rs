use super::*;

fn from(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

#[tokio::test(start_paused = true)]
async fn whoever_stood_idle_longest_makes_room_and_whoever_is_at_work_stays() {
    let seats = Seats::new(3, 3, Proxies::default());
    let busy = seats.take(from(1)).unwrap();
    busy.seat.working.store(1, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(1)).await;
    let (second, third) = (seats.take(from(2)).unwrap(), seats.take(from(3)).unwrap());
    tokio::time::advance(Duration::from_secs(1)).await;
    third.seat.active.store(seats.millis(), Ordering::Relaxed);
    let newcomer = seats.take(from(4)).unwrap();
    let ended = [&busy, &second, &third, &newcomer].map(|place| place.seat.has_ended());
    assert_eq!(ended, [false, true, false, false]);
    drop(second);
    assert_eq!(seats.len(), 3, "a place is given back once");
    for place in [&third, &newcomer] {
        place.seat.working.store(1, Ordering::Relaxed);
    }
    assert_eq!(seats.take(from(5)).unwrap_err(), Full::Listener);
    drop(newcomer);
    assert!(seats.take(from(5)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_address_takes_its_part_only_but_a_proxy_speaks_for_many() {
    let seats = Seats::new(100, 2, Proxies::parse(&["192.0.2.9".to_owned()]).unwrap());
    let own: Vec<_> = (0..2).map(|_| seats.take(from(1)).unwrap()).collect();
    for place in &own {
        place.seat.working.store(1, Ordering::Relaxed);
    }
    assert_eq!(seats.take(from(1)).unwrap_err(), Full::Address);
    assert!(seats.take(from(2)).is_ok());
    let proxied: Vec<_> = (0..20).map(|_| seats.take(from(9)).unwrap()).collect();
    assert!(proxied.iter().all(|place| !place.seat.has_ended()));
}

#[tokio::test]
async fn who_listens_for_changes_keeps_the_place_and_a_page_does_not() {
    let seats = Seats::new(2, 2, Proxies::default());
    let places = [seats.take(from(1)).unwrap(), seats.take(from(2)).unwrap()];
    for (place, kind) in places.iter().zip(["text/event-stream", "text/html"]) {
        let answer = tower::service_fn(move |(): ()| async move {
            let answer = Response::builder().header(header::CONTENT_TYPE, kind).body(());
            Ok::<_, io::Error>(answer.unwrap())
        });
        place.seated(answer).call(()).await.unwrap();
    }
    let newcomer = seats.take(from(3)).unwrap();
    assert!(!places[0].seat.has_ended() && places[1].seat.has_ended());
    newcomer.seat.working.store(1, Ordering::Relaxed);
    assert_eq!(seats.take(from(4)).unwrap_err(), Full::Listener);
}

#[tokio::test]
async fn the_networks_of_one_subscriber_count_as_one_address() {
    let seats = Seats::new(100, 1, Proxies::default());
    let place = seats.take("2001:db8::1".parse().unwrap()).unwrap();
    place.seat.working.store(1, Ordering::Relaxed);
    assert_eq!(seats.take("2001:db8::2".parse().unwrap()).unwrap_err(), Full::Address);
    assert!(seats.take("2001:db8:0:1::1".parse().unwrap()).is_ok());
}
