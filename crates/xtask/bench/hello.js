// The least that a Worker can do.
export default {
  fetch() {
    return new Response("hello");
  },
};
