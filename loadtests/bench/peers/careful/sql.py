"""The statements: each one round trip, committed by itself."""

from sqlalchemy import Boolean, Integer, Text, Uuid, bindparam, text

# A swipe, the like it may be, the match that may make, and the events that tell of it.
STORE = text("""
    WITH swiped AS (
      INSERT INTO swipes (id, user_id, pet_id, liked, notes)
      SELECT :id, :user_id, id, :liked, :notes FROM pets
      WHERE id = :pet_id AND owner_id <> :user_id AND is_available AND deleted_at IS NULL
      ON CONFLICT (user_id, pet_id) DO NOTHING
      RETURNING *
    ), noted AS (
      INSERT INTO interests AS known (user_id, pet_id, liked_at, answered_at, interested)
      SELECT user_id, pet_id, swiped.created_at,
             CASE WHEN auto_match THEN swiped.created_at END, CASE WHEN auto_match THEN true END
      FROM swiped JOIN pets ON pets.id = pet_id WHERE liked
      ON CONFLICT (user_id, pet_id) DO UPDATE SET
        liked_at = excluded.liked_at,
        answered_at = coalesce(known.answered_at, excluded.answered_at),
        interested = coalesce(known.interested, excluded.interested)
      RETURNING user_id, pet_id, interested
    ), matched AS (
      INSERT INTO matches (id, user_id, pet_id, status)
      SELECT gen_random_uuid(), user_id, pet_id, 'pending' FROM noted WHERE interested
      ON CONFLICT (user_id, pet_id) DO NOTHING
      RETURNING id, user_id, pet_id
    ), told AS (
      INSERT INTO outbox (user_id, kind, payload)
      SELECT unnest(ARRAY[user_id, owner_id]), 'match.created',
             jsonb_build_object('match_id', matched.id, 'pet_id', pet_id, 'pet_name', name)
      FROM matched JOIN pets ON pets.id = pet_id
    )
    SELECT swiped.id, pet_id, liked, notes, created_at, (SELECT id FROM matched) AS match_id
    FROM swiped
""").bindparams(
    bindparam("id", type_=Uuid),
    bindparam("user_id", type_=Uuid),
    bindparam("pet_id", type_=Uuid),
    bindparam("liked", type_=Boolean),
    bindparam("notes", type_=Text),
)

STORED = text("""
    SELECT swipes.id, pet_id, liked, notes, created_at, matches.id AS match_id
    FROM swipes LEFT JOIN matches USING (user_id, pet_id)
    WHERE user_id = :user_id AND pet_id = :pet_id
""").bindparams(bindparam("user_id", type_=Uuid), bindparam("pet_id", type_=Uuid))

OWN = text("""
    SELECT 1 FROM pets
    WHERE id = :pet_id AND owner_id = :user_id AND is_available AND deleted_at IS NULL
""").bindparams(bindparam("user_id", type_=Uuid), bindparam("pet_id", type_=Uuid))

DECK = text("""
    SELECT pets.id, name, pets.pet_type, breed, age_months, gender, pets.size,
           pets.latitude, pets.longitude, description, photo_url
    FROM pets LEFT JOIN preferences AS wanted ON wanted.user_id = :user_id
    WHERE is_available AND deleted_at IS NULL AND owner_id <> :user_id
      AND NOT EXISTS (SELECT 1 FROM swipes WHERE user_id = :user_id AND pet_id = pets.id)
      AND (wanted.pet_type IS NULL OR pets.pet_type = wanted.pet_type)
      AND (wanted.size IS NULL OR pets.size = wanted.size)
      AND (wanted.age_months_min IS NULL OR age_months >= wanted.age_months_min)
      AND (wanted.age_months_max IS NULL OR age_months <= wanted.age_months_max)
      AND (wanted.latitude IS NULL OR 2 * 6371.0088 * asin(sqrt(least(1.0,
            sin(radians(pets.latitude - wanted.latitude) / 2) ^ 2
            + cos(radians(pets.latitude)) * cos(radians(wanted.latitude))
            * sin(radians(pets.longitude - wanted.longitude) / 2) ^ 2
          ))) <= wanted.radius_km)
    ORDER BY random() LIMIT :size
""").bindparams(bindparam("user_id", type_=Uuid), bindparam("size", type_=Integer))

# Whether a session is good, and that it was used.
TOUCH = text("""
    UPDATE sessions SET last_seen_at = now()
    WHERE id = :session_id AND revoked_at IS NULL AND expires_at > now()
      AND last_seen_at > now() - make_interval(secs => :idle)
    RETURNING id
""").bindparams(bindparam("session_id", type_=Uuid), bindparam("idle", type_=Integer))
