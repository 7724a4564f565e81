#include "cqrs/replication/live/live_follower.h"

enum { EVENTS_MAX = 10000 };

struct live_feed *live_feed_new(const struct live_feed_options *options,
                                const struct service *service)
{
    struct live_feed *feed = mem_new(1, sizeof(*feed));
    feed->options = *options;
    feed->service = service;
    feed->background.name = "live";
    feed->background.round = live_follower_run;
    pthread_mutex_init(&feed->lock, NULL);
    live_ring_init(&feed->ring, EVENTS_MAX, options->bytes_max);
    list_init(&feed->listeners);
    return feed;
}

void live_feed_start(struct live_feed *feed)
{
    background_start(&feed->background);
}

void live_feed_listen(struct live_feed *feed, struct live_listener *listener)
{
    pthread_mutex_lock(&feed->lock);
    list_append(&feed->listeners, &listener->link);
    pthread_mutex_unlock(&feed->lock);
}

/* Places */

void live_feed_write_id(struct live_feed *feed, const struct live_place *place, struct buf *out)
{
    char text[POSITION_TEXT_SIZE];
    position_format(place->after, text);
    pthread_mutex_lock(&feed->lock);
    if (place->term == feed->term)
        buf_printf(out, "id: %s@%s\n", text, feed->epoch);
    pthread_mutex_unlock(&feed->lock);
}

enum live_finding live_feed_find(struct live_feed *feed, struct str id, struct live_place *out)
{
    enum live_finding finding = LIVE_FOUND;
    struct position after;
    struct str epoch;
    pthread_mutex_lock(&feed->lock);
    *out = (struct live_place){position_later(feed->applied, feed->ring.floor), feed->term};
    if (!feed->has_begun)
        finding = LIVE_STARTING;
    else if (id.len > 0 &&
             (!live_id_parse(id, &after, &epoch) || !str_equal(epoch, str_from(feed->epoch)) ||
              !live_ring_has(&feed->ring, after)))
        finding = LIVE_UNKNOWN;
    else if (id.len > 0)
        out->after = after;
    pthread_mutex_unlock(&feed->lock);
    return finding;
}

enum live_finding live_feed_take(struct live_feed *feed, struct live_place *place,
                                 const struct live_filter *filter, struct live_batch *out)
{
    out->count = 0;
    pthread_mutex_lock(&feed->lock);
    bool is_known = place->term == feed->term && live_ring_has(&feed->ring, place->after);
    if (is_known)
        live_ring_take(&feed->ring, &place->after, filter, out);
    pthread_mutex_unlock(&feed->lock);
    return is_known ? LIVE_FOUND : LIVE_UNKNOWN;
}

bool live_feed_has_restarted(struct live_feed *feed, const struct live_place *place)
{
    pthread_mutex_lock(&feed->lock);
    bool has_restarted = place->term != feed->term;
    pthread_mutex_unlock(&feed->lock);
    return has_restarted;
}
