#include "guard/incident/attendance.h"

/* Lifetime: from joining to leaving. */
struct server {
    char name[ATTENDANCE_NAME_SIZE];
    uint64_t services;
    struct availability availability;
};

/* One service's share of a side. */
struct share {
    uint64_t ejected;
    msec_t ejected_at[ATTENDANCE_SERVERS];
    struct availability availability;
};

struct attendance {
    size_t services;
    struct side {
        uint64_t judged, serving; /* of the servers: those with a verdict; those whose is good */
        struct server servers[ATTENDANCE_SERVERS];
        struct availability availability;
        struct share *shares; /* by service */
    } sides[ATTENDANCE_SIDES];
};

struct attendance *attendance_new(size_t services)
{
    assert(services <= ATTENDANCE_SERVICES);
    struct attendance *attendance = mem_new(1, sizeof(*attendance));
    attendance->services = services;
    for (unsigned side = 0; side < ATTENDANCE_SIDES; side++)
        attendance->sides[side].shares = mem_new(services, sizeof(struct share));
    return attendance;
}

void attendance_free(struct attendance **attendance)
{
    if (*attendance == NULL)
        return;
    for (unsigned side = 0; side < ATTENDANCE_SIDES; side++)
        free((*attendance)->sides[side].shares);
    free(*attendance);
    *attendance = NULL;
}

static uint64_t bit_of(int index)
{
    return UINT64_C(1) << index;
}

/* Groups */

/* Since when that one serves no more; `share` is NULL for the whole side. */
static msec_t out_since(const struct side *side, const struct share *share, int server)
{
    if (share == NULL || (side->serving & bit_of(server)) == 0)
        return side->servers[server].availability.changed_at;
    return share->ejected_at[server];
}

/* The group's outage began when the last of its servers failed. */
static void judge_group(const struct side *side, const struct share *share, uint64_t members,
                        struct availability *group, msec_t now)
{
    uint64_t out = share == NULL ? ~side->serving : ~side->serving | share->ejected;
    msec_t since = members == 0 ? now : 0;
    if (members == 0 && !group->is_observed)
        return;
    if ((members & ~out) != 0) {
        availability_serve(group, now);
        return;
    }
    for (int i = 0; i < ATTENDANCE_SERVERS; i++)
        if ((members & bit_of(i)) != 0 && out_since(side, share, i) > since)
            since = out_since(side, share, i);
    availability_fail(group, since, now);
}

static uint64_t members_of(const struct side *side, size_t service)
{
    uint64_t members = 0;
    for (int i = 0; i < ATTENDANCE_SERVERS; i++)
        if ((side->judged & bit_of(i)) != 0 && (side->servers[i].services >> service & 1) != 0)
            members |= bit_of(i);
    return members;
}

static void judge_groups(struct attendance *attendance, struct side *side, msec_t now)
{
    judge_group(side, NULL, side->judged, &side->availability, now);
    for (size_t i = 0; i < attendance->services; i++)
        judge_group(side, &side->shares[i], members_of(side, i), &side->shares[i].availability,
                    now);
}

/* Servers */

static struct side *side_of(struct attendance *attendance, struct attendant who)
{
    assert(who.side < ATTENDANCE_SIDES && who.server >= 0 && who.server < ATTENDANCE_SERVERS);
    return &attendance->sides[who.side];
}

/* As if it had never been there; what its groups were is not judged yet. */
static void forget(struct attendance *attendance, struct attendant who)
{
    struct side *side = side_of(attendance, who);
    side->judged &= ~bit_of(who.server);
    side->serving &= ~bit_of(who.server);
    side->servers[who.server] = (struct server){.name = ""};
    for (size_t i = 0; i < attendance->services; i++)
        side->shares[i].ejected &= ~bit_of(who.server);
}

void attendance_join(struct attendance *attendance, struct attendant who, struct str name,
                     uint64_t services)
{
    struct server *server = &side_of(attendance, who)->servers[who.server];
    forget(attendance, who);
    size_t len = name.len < ATTENDANCE_NAME_SIZE ? name.len : ATTENDANCE_NAME_SIZE - 1;
    memcpy(server->name, name.ptr, len);
    server->services = services;
}

void attendance_leave(struct attendance *attendance, struct attendant who, msec_t now)
{
    forget(attendance, who);
    judge_groups(attendance, side_of(attendance, who), now);
}

msec_t attendance_serve(struct attendance *attendance, struct attendant who, msec_t now)
{
    struct side *side = side_of(attendance, who);
    msec_t length = availability_serve(&side->servers[who.server].availability, now);
    side->judged |= bit_of(who.server);
    side->serving |= bit_of(who.server);
    judge_groups(attendance, side, now);
    return length;
}

void attendance_fail(struct attendance *attendance, struct attendant who, msec_t first_sign,
                     msec_t now)
{
    struct side *side = side_of(attendance, who);
    availability_fail(&side->servers[who.server].availability, first_sign, now);
    side->judged |= bit_of(who.server);
    side->serving &= ~bit_of(who.server);
    judge_groups(attendance, side, now);
}

void attendance_eject(struct attendance *attendance, struct attendant who, size_t service,
                      msec_t now)
{
    struct side *side = side_of(attendance, who);
    struct share *share = &side->shares[service];
    if ((share->ejected & bit_of(who.server)) == 0)
        share->ejected_at[who.server] = now;
    share->ejected |= bit_of(who.server);
    judge_groups(attendance, side, now);
}

msec_t attendance_return(struct attendance *attendance, struct attendant who, size_t service,
                         msec_t now)
{
    struct side *side = side_of(attendance, who);
    struct share *share = &side->shares[service];
    if ((share->ejected & bit_of(who.server)) == 0)
        return AVAILABILITY_NONE;
    share->ejected &= ~bit_of(who.server);
    judge_groups(attendance, side, now);
    return now - share->ejected_at[who.server];
}

/* Reading */

const char *attendance_name(const struct attendance *attendance, struct attendant who)
{
    return attendance->sides[who.side].servers[who.server].name;
}

const struct availability *attendance_server(const struct attendance *attendance,
                                             struct attendant who)
{
    return &attendance->sides[who.side].servers[who.server].availability;
}

const struct availability *attendance_group(const struct attendance *attendance, unsigned side,
                                            int service)
{
    const struct side *whole = &attendance->sides[side];
    return service == ATTENDANCE_ALL ? &whole->availability : &whole->shares[service].availability;
}
